import { afterEach, expect, test, vi } from 'vitest';
import { PuppetThread } from './fake-thread.test-helper.ts';
import { type PoolOptions, RecognitionPool, type RunOptions } from './recognition-pool.ts';
import type { RecogniseJob } from './worker-messages.ts';

const pools: RecognitionPool[] = [];
afterEach(async () => {
  vi.useRealTimers();
  for (const pool of pools.splice(0)) await pool.close();
});

async function open(options: Partial<PoolOptions> = {}): Promise<{ pool: RecognitionPool; threads: PuppetThread[] }> {
  const threads: PuppetThread[] = [];
  const openThread = (): PuppetThread => {
    const thread = new PuppetThread();
    threads.push(thread);
    return thread;
  };
  const pool = await RecognitionPool.open({ models: [], workers: 1, threads: 1, queueLimit: 4, openThread, ...options });
  pools.push(pool);
  return { pool, threads };
}
const photo = (): RecogniseJob => ({
  kind: 'recognise',
  model: 'test',
  picture: { bytes: Uint8Array.of(1, 2, 3) },
  detect: 'faces',
  threshold: undefined,
  maxPixels: 1,
});
const crop = (): RecogniseJob => ({ ...photo(), detect: 'none' });
const soon = (more: Partial<RunOptions> = {}): RunOptions => ({ deadline: performance.now() + 60_000, ...more });

test('two photographs are in work in one worker, the rest waits in order', async () => {
  const { pool, threads } = await open({ queueLimit: 100 });
  const photos = [1, 2, 3].map(() => pool.run(photo(), soon()));
  expect([pool.running, pool.queued]).toEqual([2, 1]);
  threads[0]!.finish(0, 10);
  threads[0]!.finish(1, 20);
  threads[0]!.finish(2, 30);
  expect((await Promise.all(photos)).map(({ width }) => width)).toEqual([10, 20, 30]);
});

test('a crop goes to an idle worker at once; what comes while it works goes together, up to 32', async () => {
  const { pool, threads } = await open({ queueLimit: 100 });
  const crops = Array.from({ length: 40 }, (_, i) => pool.run(crop(), soon()).then(({ width }) => expect(width).toBe(i)));
  expect([pool.running, pool.queued]).toEqual([1, 39]);
  threads[0]!.finish(0, 0);
  expect([pool.running, pool.queued]).toEqual([32, 7]);
  // A group is one run: none of the rest joins before all of it is done.
  for (let i = 1; i < 32; i++) threads[0]!.finish(i, i);
  expect([pool.running, pool.queued]).toEqual([1, 7]);
  threads[0]!.finish(32, 32);
  expect([pool.running, pool.queued]).toEqual([7, 0]);
  for (let i = 33; i < 40; i++) threads[0]!.finish(i, i);
  await Promise.all(crops);
  expect([pool.running, pool.queued]).toEqual([0, 0]);
});

test('workers share the crops that wait, and a photograph in work keeps none of them waiting', async () => {
  const { pool, threads } = await open({ workers: 2, queueLimit: 100 });
  for (let i = 0; i < 12; i++) void pool.run(crop(), soon()).catch(() => {});
  expect(threads.map(({ sent }) => sent.length)).toEqual([1, 1]);
  threads[0]!.finish(0);
  expect(threads.map(({ sent }) => sent.length)).toEqual([6, 1]);
  threads[1]!.finish(0);
  expect(threads.map(({ sent }) => sent.length)).toEqual([6, 4]);

  const { pool: mixed, threads: busy } = await open();
  void mixed.run(photo(), soon()).catch(() => {});
  void mixed.run(crop(), soon()).catch(() => {});
  void mixed.run(crop(), soon()).catch(() => {});
  expect(busy[0]!.sent.map(({ job }) => job.kind === 'recognise' && job.detect)).toEqual(['faces', 'none']);
  busy[0]!.finish(1);
  expect(busy[0]!.sent.length).toBe(3);
});

test('crops that come close together wait a little for each other; after a pause none waits', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  const { pool, threads } = await open({ queueLimit: 100 });
  const sent = threads[0]!.sent;
  const run = (): void => void pool.run(crop(), soon()).catch(() => {});
  for (let i = 0; i < 60; i++) {
    run();
    await vi.advanceTimersByTimeAsync(4);
    if (i === 0) expect(sent.length).toBe(1);
    for (let k = 0; k < sent.length; k++) threads[0]!.finish(k);
  }
  await vi.advanceTimersByTimeAsync(8);
  expect(sent.length).toBe(60);
  for (let k = 0; k < sent.length; k++) threads[0]!.finish(k);
  const before = sent.length;
  run();
  run();
  expect(sent.length).toBe(before);
  run();
  expect(sent.length).toBe(before + 3);
  for (let k = before; k < before + 3; k++) threads[0]!.finish(k);
  run();
  await vi.advanceTimersByTimeAsync(11);
  expect(sent.length).toBe(before + 3);
  await vi.advanceTimersByTimeAsync(1);
  expect(sent.length).toBe(before + 4);
  threads[0]!.finish(before + 3);
  await vi.advanceTimersByTimeAsync(100);
  run();
  expect(sent.length).toBe(before + 5);
});

test('work goes to the worker with the least', async () => {
  const { pool, threads } = await open({ workers: 2 });
  for (const _ of [1, 2, 3, 4]) void pool.run(photo(), soon()).catch(() => {});
  expect(threads.map(({ sent }) => sent.length)).toEqual([2, 2]);
});

test('a full queue refuses with a time to come back, and a patient caller waits all the same', async () => {
  const { pool, threads } = await open({ queueLimit: 1 });
  const accepted = [photo(), photo(), photo()].map((job) => pool.run(job, soon()));
  await expect(pool.run(photo(), soon())).rejects.toMatchObject({ code: 'queue-full', status: 429, retryAfterS: 1 });
  const patient = pool.run(photo(), soon({ patient: true }));
  for (let i = 0; i < 4; i++) threads[0]!.finish(i, i);
  expect((await Promise.all([...accepted, patient])).map(({ width }) => width)).toEqual([0, 1, 2, 3]);
});

test('a deadline passes while waiting or in work; a late answer finds nobody', async () => {
  const { pool, threads } = await open();
  const deadline = performance.now() + 30;
  const jobs = [photo(), photo(), photo()].map((job) => pool.run(job, { deadline }));
  expect(pool.queued).toBe(1);
  for (const { reason } of (await Promise.allSettled(jobs)) as PromiseRejectedResult[]) expect(reason).toMatchObject({ code: 'deadline-passed', status: 504 });
  expect([pool.running, pool.queued]).toEqual([2, 0]);
  threads[0]!.finish(0);
  threads[0]!.finish(1);
  expect(pool.running).toBe(0);
});

test('a client that goes gives its place in the queue up', async () => {
  const { pool, threads } = await open();
  const gone = new AbortController();
  void pool.run(photo(), soon()).catch(() => {});
  void pool.run(photo(), soon()).catch(() => {});
  const waiting = pool.run(photo(), soon({ signal: gone.signal }));
  gone.abort();
  await expect(waiting).rejects.toMatchObject({ code: 'client-gone' });
  await expect(pool.run(photo(), soon({ signal: gone.signal }))).rejects.toMatchObject({ code: 'client-gone' });
  expect([pool.queued, threads[0]!.sent.length]).toEqual([0, 2]);
});

test('a refusal of the worker keeps its code; any other error stays an error of ours', async () => {
  const { pool, threads } = await open();
  const refused = pool.run(photo(), soon());
  const failed = pool.run(photo(), soon());
  threads[0]!.say({ type: 'error', id: threads[0]!.sent[0]!.id, code: 'unreadable-image', message: 'damaged' });
  threads[0]!.say({ type: 'error', id: threads[0]!.sent[1]!.id, code: 'internal', message: 'undefined is not a function', stack: 'Error: at worker' });
  await expect(refused).rejects.toMatchObject({ name: 'ServiceError', code: 'unreadable-image', message: 'damaged' });
  await expect(failed).rejects.toMatchObject({ name: 'Error', stack: 'Error: at worker' });
});

test('a worker that ends loses its work to an honest answer, is replaced, and the queue goes on', async () => {
  const lost: string[] = [];
  const { pool, threads } = await open({ observer: { onWorkerLost: (reason) => lost.push(reason) } });
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const [first, second, third] = [photo(), photo(), photo()].map((job) => pool.run(job, soon()));
  threads[0]!.emit('error', new Error('heap out of memory'));
  threads[0]!.emit('exit', 1);
  for (const job of [first, second]) await expect(job).rejects.toMatchObject({ code: 'worker-lost', status: 503 });
  expect(lost).toEqual(['heap out of memory']);
  expect(pool.ready).toBe(false);
  await vi.advanceTimersByTimeAsync(500);
  vi.useRealTimers();
  await vi.waitFor(() => expect(pool.ready).toBe(true));
  threads[1]!.finish(0, 7);
  expect((await third!).width).toBe(7);
});

test('a worker that is stuck is asked to leave and replaced', async () => {
  const { pool, threads } = await open({ stuckMs: 40 });
  await expect(pool.run(photo(), soon())).rejects.toMatchObject({ code: 'worker-lost' });
  expect(threads[0]!.left).toBe(true);
  await vi.waitFor(() => expect(threads).toHaveLength(2), 5000);
  await vi.waitFor(() => expect(pool.ready).toBe(true));
  expect(threads[0]!.terminated).toBe(false);
});

test('one that does not leave is ended in the end', async () => {
  const { pool, threads } = await open({ stuckMs: 40 });
  threads[0]!.deaf = true;
  await expect(pool.run(photo(), soon())).rejects.toMatchObject({ code: 'worker-lost' });
  await vi.waitFor(() => expect(threads[0]!.terminated).toBe(true), 5000);
});

test('one that was replaced and has not gone is ended with the pool', async () => {
  const { pool, threads } = await open({ stuckMs: 200, closeMs: 20 });
  threads[0]!.deaf = true;
  await expect(pool.run(photo(), soon())).rejects.toMatchObject({ code: 'worker-lost' });
  expect(threads[0]!.terminated).toBe(false);
  await pool.close();
  expect(threads[0]!.terminated).toBe(true);
});

test('a model that cannot be opened is told to the caller', async () => {
  const openThread = (): PuppetThread => new PuppetThread({ type: 'failed', code: 'bad-model', message: 'x.onnx: no model' });
  await expect(RecognitionPool.open({ models: [], workers: 2, threads: 1, queueLimit: 1, openThread })).rejects.toMatchObject({
    name: 'UserError',
    code: 'bad-model',
  });
});

test('a closed pool takes nothing, and what it had is refused', async () => {
  const { pool, threads } = await open();
  const jobs = [photo(), photo(), photo()].map((job) => pool.run(job, soon()));
  expect([pool.running, pool.queued]).toEqual([2, 1]);
  const refused = Promise.allSettled(jobs);
  await pool.close();
  expect((await refused).map((each) => (each as PromiseRejectedResult).reason.code)).toEqual(['worker-lost', 'worker-lost', 'draining']);
  expect([threads[0]!.left, threads[0]!.terminated]).toEqual([true, false]);
  await expect(pool.run(photo(), soon())).rejects.toMatchObject({ code: 'draining' });
});

test('a view of larger memory is copied, so that its neighbours stay', async () => {
  const { pool, threads } = await open();
  const body = Uint8Array.of(1, 2, 3, 4);
  void pool.run({ ...photo(), picture: { bytes: body.subarray(1, 3) } }, soon()).catch(() => {});
  const { picture } = threads[0]!.sent[0]!.job;
  expect('bytes' in picture && [picture.bytes.buffer.byteLength, ...picture.bytes]).toEqual([2, 2, 3]);
});
