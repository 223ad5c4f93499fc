import { expect, test } from 'vitest';
import type { WorkerMessage } from './messages.ts';
import { RecognitionClient, type WorkerLike } from './recognition-client.ts';

/** Never answers by itself. */
class SilentWorker extends EventTarget {
  terminated = false;
  readonly posted: unknown[] = [];
  postMessage(message: unknown): void {
    this.posted.push(message);
  }
  terminate(): void {
    this.terminated = true;
  }
  say(data: WorkerMessage): void {
    this.dispatchEvent(Object.assign(new Event('message'), { data }));
  }
  crash(message: string): void {
    this.dispatchEvent(Object.assign(new Event('error'), { message }));
  }
}

const picture = { kind: 'picture', picture: new Blob(), wholeImage: false } as const;

test('a result goes to the task it belongs to', async () => {
  const worker = new SilentWorker();
  const client = new RecognitionClient(worker as unknown as WorkerLike);
  const tasks = [client.run(picture, () => {}), client.run(picture, () => {})];
  worker.say({ id: 2, kind: 'done', result: { model: 'b', faces: [] } });
  worker.say({ id: 1, kind: 'failed', code: 'unreadable-image', message: 'no picture' });
  await expect(tasks[0]).rejects.toMatchObject({ code: 'unreadable-image' });
  expect(await tasks[1]).toMatchObject({ model: 'b' });
});

test('a worker that crashed is ended and told of once; what was asked fails, and so does what is asked later', async () => {
  const worker = new SilentWorker();
  const crashes: string[] = [];
  const client = new RecognitionClient(worker as unknown as WorkerLike, (message) => crashes.push(message));
  const task = client.run(picture, () => {});
  expect(client.ended).toBe(false);
  worker.crash('out of memory');
  worker.crash('again');
  await expect(task).rejects.toMatchObject({ code: 'internal', message: 'out of memory' });
  await expect(client.run(picture, () => {})).rejects.toThrow('out of memory');
  expect([client.ended, worker.terminated, worker.posted.length, crashes]).toEqual([true, true, 1, ['out of memory']]);
});

test('one that the page ends is no crash', async () => {
  const worker = new SilentWorker();
  const crashes: string[] = [];
  const client = new RecognitionClient(worker as unknown as WorkerLike, (message) => crashes.push(message));
  const task = client.run(picture, () => {});
  client.close();
  worker.crash('late');
  await expect(task).rejects.toThrow('was ended');
  expect([worker.terminated, crashes]).toEqual([true, []]);
});
