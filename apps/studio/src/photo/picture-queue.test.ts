import { expect, test } from 'vitest';
import { RecognitionError } from '../recognition/recognition-client.ts';
import { PictureQueue, type ReadPictureTask } from './picture-queue.ts';

const face = { box: { x: 0, y: 0, width: 1, height: 1 }, detection: 1, expression: 'happy', probabilities: { happy: 1 }, unsure: false };

interface Call {
  readonly name: string;
  readonly wholeImage: boolean;
  readonly finish: (error?: Error) => void;
}

/** A reader whose tasks end when the test says so. */
function heldReader(model = 'first'): { calls: Call[]; read: ReadPictureTask } {
  const calls: Call[] = [];
  const read: ReadPictureTask = ({ picture, wholeImage }) =>
    new Promise((resolve, reject) =>
      calls.push({ name: (picture as File).name, wholeImage, finish: (error) => (error ? reject(error) : resolve({ model, faces: [face] })) }),
    );
  return { calls, read };
}

function states(queue: PictureQueue): string[] {
  return queue.pictures.value.map(({ name, state }) => `${name} ${state.kind}`);
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('pictures wait for a reader, then are read one after the other', async () => {
  const queue = new PictureQueue();
  const { calls, read } = heldReader();
  queue.add([new File([], 'a'), new File([], 'b')]);
  expect(states(queue)).toEqual(['a waiting', 'b waiting']);
  queue.start(read);
  expect(states(queue)).toEqual(['a reading', 'b waiting']);
  calls[0]!.finish();
  await turn();
  expect(states(queue)).toEqual(['a done', 'b reading']);
  expect(calls.map(({ name }) => name)).toEqual(['a', 'b']);
});

test('one that fails keeps its reason and does not hold up the next', async () => {
  const queue = new PictureQueue();
  const { calls, read } = heldReader();
  queue.start(read);
  queue.add([new File([], 'a'), new File([], 'b')]);
  calls[0]!.finish(new RecognitionError('unreadable-image', 'no picture'));
  await turn();
  expect(queue.pictures.value[0]!.state).toEqual({ kind: 'failed', code: 'unreadable-image', message: 'no picture' });
  expect(calls[1]!.name).toBe('b');
});

test('paused, what is under way ends and the rest waits for the next reader', async () => {
  const queue = new PictureQueue();
  const first = heldReader();
  queue.start(first.read);
  queue.add([new File([], 'a'), new File([], 'b')]);
  queue.pause();
  first.calls[0]!.finish(new RecognitionError('internal', 'stopped'));
  await turn();
  expect(states(queue)).toEqual(['a failed', 'b waiting']);
  const second = heldReader();
  queue.start(second.read);
  second.calls[0]!.finish();
  await turn();
  expect(states(queue)).toEqual(['a failed', 'b done']);
  expect(first.calls).toHaveLength(1);
});

test('removed ones are not read, and stay removed when their result comes', async () => {
  const queue = new PictureQueue();
  const { calls, read } = heldReader();
  queue.start(read);
  queue.add([new File([], 'a'), new File([], 'b'), new File([], 'c')]);
  const [a, b] = queue.pictures.value;
  queue.remove(a!.id);
  queue.remove(b!.id);
  calls[0]!.finish();
  await turn();
  expect(calls.map(({ name }) => name)).toEqual(['a', 'c']);
  expect(states(queue)).toEqual(['c reading']);
  queue.clear();
  calls[1]!.finish();
  await turn();
  expect(states(queue)).toEqual([]);
});

test('a picture can be read again as one face', async () => {
  const queue = new PictureQueue();
  const { calls, read } = heldReader();
  queue.start(read);
  queue.add([new File([], 'a')]);
  calls[0]!.finish();
  await turn();
  queue.readWhole(queue.pictures.value[0]!.id);
  expect(calls.map(({ wholeImage }) => wholeImage)).toEqual([false, true]);
});

test('a result names the model that gave it; what another gave can be read again', async () => {
  const queue = new PictureQueue();
  const first = heldReader();
  queue.start(first.read);
  queue.add([new File([], 'a')]);
  first.calls[0]!.finish();
  await turn();
  const second = heldReader('second');
  queue.start(second.read);
  queue.add([new File([], 'b')]);
  second.calls[0]!.finish();
  await turn();
  const models = () => queue.pictures.value.map(({ state }) => state.kind === 'done' && state.model);
  expect(models()).toEqual(['first', 'second']);
  queue.readAgain('second');
  expect(second.calls.map(({ name }) => name)).toEqual(['b', 'a']);
  second.calls[1]!.finish();
  await turn();
  expect(models()).toEqual(['second', 'second']);
});

test('ids are of one picture in the page, whichever queue it stands in', () => {
  const queues = [new PictureQueue(), new PictureQueue()];
  for (const queue of queues) queue.add([new File([], 'a'), new File([], 'b')]);
  expect(new Set(queues.flatMap(({ pictures }) => pictures.value.map(({ id }) => id))).size).toBe(4);
});
