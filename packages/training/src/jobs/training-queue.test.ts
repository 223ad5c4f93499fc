/** Trainings over a queue, with workers as they would run on other machines. The package is imported by name: workers run compiled JavaScript. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { connectRedis } from '@mien/jobs/redis';
import {
  decodeSafetensors,
  openTrainingHandler,
  parseGrid,
  planSweep,
  runFolder,
  runSweep,
  type RunSweepOptions,
  type SweepPlan,
  type SweepProgress,
  type TrainEvent,
  train,
} from '@mien/training';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { noRedis, startRedis, type TestServer } from '../../../jobs/src/redis/redis-server.test-helper.ts';
import { expectSameBits } from '../../test/same-bits.ts';
import { temporaryDir, writeTinyStore } from '../../test/tiny-store.ts';

let dir: string;
let data: string;
let recipe: string;
let server: TestServer;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'mien-queue-test-'));
  data = writeTinyStore(join(dir, 'store'), { train: 32, val: 14 });
  recipe = join(dir, 'tiny.yaml');
  writeFileSync(
    recipe,
    `
name: tiny
model: mien-net-small
modelOptions: { widths: '16', depths: '1', stem: 16 }
batch: 4
epochs: 12
ema: 0.9
data: { validation: { split: val } }
augmentation: [{ op: flip }]
optimizer: { kind: adamw, learningRate: 0.002 }
schedule: { kind: cosine }
checkpoint: { everySteps: 1 }
`,
  );
});
// Whole trainings in processes of their own take minutes where the machine has other work.
vi.setConfig({ testTimeout: 600_000, hookTimeout: 600_000 });
afterAll(() => rmSync(dir, { recursive: true, force: true }));
// One each: what a test that failed left in a queue would be the next one's.
beforeEach(async () => {
  if (!noRedis) server = await startRedis();
});

const workers: ChildProcess[] = [];
afterEach(async () => {
  for (const worker of workers.splice(0)) if (worker.exitCode === null && worker.signalCode === null) await end(worker, 'SIGKILL');
  await server?.stop();
});

async function end(worker: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  const gone = new Promise((resolve) => worker.once('exit', resolve));
  worker.kill(signal);
  await gone;
}

function startWorker(): ChildProcess {
  const script = `
    const { serveQueue } = await import('@mien/jobs/redis');
    const { openTrainingHandler } = await import('@mien/training');
    const stop = new AbortController();
    process.on('SIGTERM', () => stop.abort());
    const kinds = { train: (payload) => openTrainingHandler(payload, { threads: 1, map: [] }) };
    await serveQueue({ queue: '${server.url}', kinds, leaseMs: 1500, signal: stop.signal });`;
  const worker = spawn(process.execPath, ['--input-type=module', '-e', script], {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  workers.push(worker);
  return worker;
}

const plan = (grid: string[] = []): SweepPlan => planSweep({ recipe, set: [], space: { grid: parseGrid(grid), draws: 1, random: [], seed: 1 }, seeds: [4] });

const eventsOf = (out: string): TrainEvent[] =>
  readFileSync(runFolder(out).log, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as TrainEvent);

const tensorsOf = (out: string) => {
  const { last } = runFolder(out);
  return new Map([...decodeSafetensors(readFileSync(last), last).tensors].map(([name, { data: values }]) => [name, values]));
};

function run(options: Pick<RunSweepOptions, 'plan' | 'out'> & Partial<RunSweepOptions>) {
  return runSweep({ data, queue: server.url, leaseMs: 1500, ...options });
}

describe(`trainings over a queue${noRedis}`, () => {
  it.skipIf(noRedis)('killed with their worker (kill -9), go on in another one from the last checkpoint, to the same weights', async () => {
    const out = join(temporaryDir(), 'out');
    const one = plan();
    const folder = join(out, 'runs/01-tiny-seed-4');
    const [{ recipe: seeded }] = one.rows as [(typeof one.rows)[number]];
    const whole = join(temporaryDir(), 'whole');
    await train({ recipe: { ...seeded, seed: 4 }, data, out: whole, threads: 1, thread: 'caller' });

    const first = startWorker();
    let killed: Promise<void> | undefined;
    const takeOver = async (): Promise<void> => {
      await end(first, 'SIGKILL');
      expect(existsSync(runFolder(folder).lock)).toBe(true);
      startWorker();
    };
    const progress: SweepProgress[] = [];
    const outcome = await run({
      plan: one,
      out,
      onProgress: (each) => {
        progress.push(each);
        // An epoch is told of before its checkpoint is written: in the next one that is there.
        if ((each.event.type === 'step' || each.event.type === 'epoch') && each.event.epoch > 1) killed ??= takeOver();
      },
    });
    await killed;
    expect(outcome).toMatchObject({ finished: true, trainings: 1 });
    const resumed = eventsOf(folder).filter((event) => event.type === 'start');
    expect(resumed).toMatchObject([{}, { resumedAt: { epoch: expect.any(Number) } }]);
    const [, { resumedAt }] = resumed as [unknown, { resumedAt: { epoch: number } }];
    expect(resumedAt.epoch).toBeGreaterThan(1);
    expect(readFileSync(runFolder(folder).model).equals(readFileSync(runFolder(whole).model))).toBe(true);
    expectSameBits(tensorsOf(folder), tensorsOf(whole));
  });

  it.skipIf(noRedis)('are shared by workers, outlive the process that handed them out, and leave nothing in Redis', async () => {
    const out = join(temporaryDir(), 'out');
    const many = plan(['optimizer.learningRate=0.001,0.002,0.004', 'epochs=2']);
    const script = `
      const { runSweep } = await import('@mien/training');
      const { plan, data, out, queue } = JSON.parse(process.argv[1]);
      await runSweep({ plan, data, out, queue, leaseMs: 1500, onOutcome: () => process.kill(process.pid, 'SIGKILL') });`;
    const worker = startWorker();
    const hand = spawn(process.execPath, ['--input-type=module', '-e', script, JSON.stringify({ plan: many, data, out, queue: server.url })], {
      cwd: fileURLToPath(new URL('../..', import.meta.url)),
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    workers.push(hand);
    const signal = await new Promise((resolve) => hand.on('exit', (_, by) => resolve(by)));
    expect(signal).toBe('SIGKILL');
    const outcome = await run({ plan: many, out });
    expect(outcome).toMatchObject({ finished: true, trainings: 3 });
    for (const { folder } of [{ folder: '01' }, { folder: '02' }, { folder: '03' }]) {
      const name = `${folder}-learningrate-0-00${2 ** (Number(folder) - 1)}-epochs-2-seed-4`;
      expect(eventsOf(join(out, 'runs', name)).filter((event) => event.type === 'start')).toHaveLength(1);
    }
    await end(worker, 'SIGTERM');
    const redis = await connectRedis(server.url);
    expect(await redis.keys('mien:*')).toEqual([]);
    redis.disconnect();
  });

  it.skipIf(noRedis)('stopped with their worker (SIGTERM), are given back with a checkpoint', async () => {
    const out = join(temporaryDir(), 'out');
    const first = startWorker();
    let stopped: Promise<void> | undefined;
    const outcome = await run({
      plan: plan(['batch=8']),
      out,
      onProgress: ({ event }) => {
        if (event.type === 'epoch') stopped ??= end(first, 'SIGTERM').then(() => void startWorker());
      },
    });
    await stopped;
    expect(outcome.finished).toBe(true);
    expect(first.exitCode).toBe(0);
    const types = eventsOf(join(out, 'runs/01-batch-8-seed-4')).map(({ type }) => type);
    expect(types.filter((type) => type === 'stopped' || type === 'start')).toEqual(['start', 'stopped', 'start']);
  });
});

describe('a worker of trainings', () => {
  const payload = () => ({ dir, data, device: 'cpu', files: [] as string[] });

  it.each([
    ['its folder', { dir: '/nowhere/sweep' }, '/nowhere/sweep cannot be reached from here'],
    ['the data', { data: '/nowhere/store' }, '/nowhere/store cannot be reached from here'],
    ['a file that a recipe names', { files: ['/nowhere/teacher.onnx'] }, '/nowhere/teacher.onnx, which a recipe names'],
  ])('is refused where it does not see %s', async (_, changes, message) => {
    await expect(openTrainingHandler({ ...payload(), ...changes }, { map: [] })).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringContaining(message),
    });
  });

  it.each(['../escape', 'a/b', '', '.hidden', 'a\0b'])('takes no folder named %j from a queue', async (folder) => {
    const { handle } = await openTrainingHandler(payload(), { map: [] });
    const claim = { id: 'x', payload: { folder, row: 'a', recipe: {} }, failures: 0, deaths: 0, lost: new AbortController().signal };
    await expect(handle(claim, { signal: claim.lost, progress: () => {} })).rejects.toThrow(/folder/);
  });

  it('waits where another machine trains in the folder, and goes on where that one is gone', async () => {
    const { handle } = await openTrainingHandler({ ...payload(), dir: temporaryDirWithFile() }, { threads: 1, map: [], lockWatchMs: 400 });
    const out = join(lastDir, 'runs/a');
    const fields = JSON.parse(JSON.stringify(plan(['epochs=1']).rows[0]!.recipe));
    const claim = { id: 'a', payload: { folder: 'a', row: 'a', recipe: fields }, failures: 0, deaths: 0, lost: new AbortController().signal };
    const context = { signal: claim.lost, progress: () => {} };
    await handle(claim, context);
    rmSync(join(out, 'result.json'));
    writeFileSync(runFolder(out).lock, '1 another-machine 1');
    const touching = setInterval(() => writeFileSync(runFolder(out).lock, `1 another-machine ${Math.random()}`), 50);
    await expect(handle(claim, context)).rejects.toMatchObject({ name: 'RetryLater', message: expect.stringContaining('another-machine is training here') });
    clearInterval(touching);
    await sleep(60);
    expect(await handle(claim, context)).toEqual({ worked: true });
    expect(await handle(claim, context)).toEqual({ worked: false });
  });
});

let lastDir: string;
/** An empty folder would be that of a share that is not mounted. */
function temporaryDirWithFile(): string {
  lastDir = temporaryDir();
  writeFileSync(join(lastDir, 'sweep.json'), '{}');
  return lastDir;
}
