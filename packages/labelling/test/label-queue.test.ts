/** Jobs over a queue, with workers as they would run on other machines. */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectRedis } from '@mien/jobs/redis';
import { label, type LabelOptions, queryLabels, work, type WorkOptions } from '@mien/labelling';
import type { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { noRedis, startRedis, type TestServer } from '../../jobs/src/redis/redis-server.test-helper.ts';
import { brightnessModel, shadePicture, temporaryFolder } from './pictures.ts';

const folder = temporaryFolder('queue');
const model = join(folder, 'brightness.onnx');
const images = 40;
let server: TestServer;
let redis: Redis;

beforeAll(async () => {
  if (noRedis) return;
  server = await startRedis();
  redis = await connectRedis(server.url);
  writeFileSync(model, brightnessModel());
  mkdirSync(join(folder, 'pictures'));
  for (let i = 0; i < images; i++) writeFileSync(join(folder, 'pictures', `${String(i).padStart(2, '0')}.png`), shadePicture(6 * i));
});
afterAll(async () => {
  redis?.disconnect();
  await server?.stop();
});

const stops: AbortController[] = [];
const working: Promise<void>[] = [];
async function stopWorkers(): Promise<void> {
  for (const stop of stops.splice(0)) stop.abort();
  await Promise.all(working.splice(0));
}
afterEach(stopWorkers);

function startWorker(options: Partial<WorkOptions> = {}): { done: () => number } {
  const stop = new AbortController();
  stops.push(stop);
  let chunks = 0;
  working.push(work({ queue: server.url, threads: 1, map: [], leaseMs: 2000, signal: stop.signal, onDone: () => chunks++, ...options }));
  return { done: () => chunks };
}

let jobs = 0;
function job(changes: Partial<LabelOptions> = {}): LabelOptions {
  const name = `job-${++jobs}`;
  return { sources: [join(folder, 'pictures')], out: join(folder, name), model, faces: true, chunkSize: 4, queue: server.url, name, leaseMs: 2000, ...changes };
}

/** A worker that joins a job which stands open, and how it fares. */
async function joining(options: Partial<WorkOptions>): Promise<unknown> {
  const open = job();
  const stop = new AbortController();
  const running = label({ ...open, signal: stop.signal });
  while (!(await redis.hexists('mien:runs', open.name!))) await sleep(20);
  const outcome = await work({ queue: server.url, threads: 1, map: [], signal: AbortSignal.timeout(20_000), ...options }).catch((error) => error);
  stop.abort();
  await running;
  return outcome;
}

describe(`a job over a queue${noRedis}`, () => {
  it.skipIf(noRedis)('is shared by its workers, comes out whole, and leaves nothing in Redis', async () => {
    const workers = [startWorker(), startWorker()];
    const options = job();
    expect(await label(options)).toMatchObject({ state: 'done', totals: { images, faces: images, errors: 0 } });
    expect(workers[0]!.done() + workers[1]!.done()).toBe(images / 4);
    const [row] = await queryLabels(options.out, 'SELECT count(DISTINCT source) AS n, count(DISTINCT happy) AS shades FROM faces', async ({ rows }) => {
      const found = [];
      for await (const one of rows) found.push(one);
      return found;
    });
    expect(row).toEqual({ n: images, shades: images });
    await stopWorkers();
    expect(await redis.keys(`mien:${options.name}:*`)).toEqual([]);
    expect(await redis.hexists('mien:runs', options.name!)).toBe(0);
  });

  it.skipIf(noRedis)('waits for workers, with a line that says so, and stops without them', async () => {
    const notices: string[] = [];
    const stop = new AbortController();
    const manifest = await label({
      ...job(),
      signal: stop.signal,
      onNotice: (message) => {
        notices.push(message);
        stop.abort();
      },
    });
    expect(manifest.state).toBe('stopped');
    expect(notices).toEqual([expect.stringContaining('waiting for workers')]);
  });

  it.skipIf(noRedis)('is finished over a restart of the queue that forgets everything', async () => {
    startWorker();
    let restarted: Promise<void> | undefined;
    const manifest = await label({
      ...job(),
      onProgress: ({ done }) => {
        if (done >= 8) restarted ??= server.restart();
      },
    });
    await restarted;
    expect(manifest).toMatchObject({ state: 'done', totals: { images, errors: 0 } });
  });

  it.skipIf(noRedis)('refuses a worker with another model', async () => {
    const other = join(folder, 'other.onnx');
    writeFileSync(other, brightnessModel('brightness', 3));
    expect(await joining({ model: other })).toMatchObject({
      code: 'other-model',
      message: expect.stringMatching(/other\.onnx: the job uses the model brightness .* refused/),
    });
  });

  it.skipIf(noRedis)('refuses a worker that does not see its folders', async () => {
    const map = [`${folder}=/nowhere`];
    expect(await joining({ map })).toMatchObject({ code: 'unreachable', message: expect.stringContaining('--map FROM=TO') });
  });

  it.skipIf(noRedis)('refuses a worker with a recogniser the job does not ask for', async () => {
    const recogniser = new URL('./scripted-recogniser.mjs', import.meta.url).href;
    expect(await joining({ recogniser })).toMatchObject({ code: 'other-model' });
  });

  it.skipIf(noRedis)('is done by a worker that finds its folders elsewhere; the rows name them as the job does', async () => {
    symlinkSync(folder, `${folder}-elsewhere`);
    startWorker({ map: [`${folder}=${folder}-elsewhere`] });
    const options = job();
    expect(await label(options)).toMatchObject({ state: 'done', totals: { faces: images } });
    const sources = await queryLabels(options.out, 'SELECT source FROM images ORDER BY item LIMIT 1', async ({ rows }) => {
      for await (const { source } of rows) return source;
    });
    expect(sources).toBe(join(folder, 'pictures', '00.png'));
  });
});
