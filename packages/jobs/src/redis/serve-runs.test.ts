import type { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BullmqEngine } from './bullmq-engine.ts';
import { connectRedis } from './redis-connection.ts';
import { noRedis, startRedis, type TestServer } from './redis-server.test-helper.ts';
import { checkRunName, RunBoard, type RunDescription } from './run-board.ts';
import { emptyRun, openQueuedRun } from './queued-run.ts';
import type { JobEvent } from '../job.ts';
import { mienVersion } from '../version.ts';
import { runJobs } from '../run-jobs.ts';
import { serveRuns } from './serve-runs.ts';
import { UserError } from '@mien/runtime';

let server: TestServer;
let redis: Redis;
beforeAll(async () => {
  if (noRedis) return;
  server = await startRedis();
  redis = await connectRedis(server.url);
});
afterAll(async () => {
  redis?.disconnect();
  await server?.stop();
});

const describeRun = (id: string, changes: Partial<RunDescription> = {}): RunDescription => ({
  id,
  kind: 'double',
  version: '1',
  opened: Date.now(),
  payload: { by: 2 },
  ...changes,
});

const kinds = {
  double: async (payload: unknown) => ({
    handle: async ({ payload: value }: { payload: number }) => value * (payload as { by: number }).by,
    release: async () => {},
  }),
};

describe(`workers of the queue${noRedis}`, () => {
  it.skipIf(noRedis)('serve every open run with its own settings, and leave when all is done', async () => {
    const engines = [2, 10].map((by, i) => {
      const run = describeRun(`serve-${i}`, { payload: { by }, opened: i });
      return { run, engine: new BullmqEngine<number, number>({ redis, run }) };
    });
    const results: number[] = [];
    for (const { run } of engines) await new RunBoard(redis).open(run);
    const handing = engines.map(async ({ engine }) => {
      const jobs = [1, 2, 3].map((n) => ({ id: `n-${n}`, payload: n }));
      await runJobs({ queue: engine, jobs, window: 10, onEvent: (e) => void (e.type === 'completed' && results.push(e.result)) });
      await engine.close();
    });
    await serveRuns({ redis, version: '1', kinds, leaveWhenIdle: true });
    await Promise.all(handing);
    expect(results.sort((a, b) => a - b)).toEqual([2, 4, 6, 10, 20, 30]);
  });

  it.skipIf(noRedis)('do the jobs of a name that is used again with the settings of the new run, even while they wait for more', async () => {
    const board = new RunBoard(redis);
    const stop = new AbortController();
    const notices: string[] = [];
    const serving = serveRuns({ redis, version: '1', kinds, signal: stop.signal, onNotice: (message) => notices.push(message) });
    const results: number[] = [];
    for (const by of [2, 10, 100]) {
      const run = describeRun('again', { payload: { by }, opened: by });
      await board.open(run);
      const engine = new BullmqEngine<number, number>({ redis, run });
      await runJobs({
        queue: engine,
        jobs: [{ id: `n-${by}`, payload: 3 }],
        window: 1,
        onEvent: (e) => void (e.type === 'completed' && results.push(e.result)),
      });
      // The last time as a process that is killed: the run stays on the board.
      if (by === 2) await engine.close();
      else await engine.disconnect();
    }
    stop.abort();
    await serving;
    expect(results).toEqual([6, 30, 300]);
    expect(notices).toEqual(Array(3).fill('joined double run again'));
    await emptyRun(server.url, 'again');
  });

  it.skipIf(noRedis)('give a job up as the policy of its run says', async () => {
    const notices: string[] = [];
    const policy = { failures: 2, deaths: 10, firstDelayMs: 10, longestDelayMs: 20 };
    const run = await openQueuedRun<number, number>({
      ...{ queue: server.url, name: 'strict', kind: 'double', payload: {}, policy, whenLeft: '' },
      onNotice: (message) => notices.push(message),
    });
    let tries = 0;
    const failing = {
      double: async () => ({
        handle: async () => {
          tries++;
          throw new Error('always');
        },
        release: async () => {},
      }),
    };
    const stop = new AbortController();
    const serving = serveRuns({ redis, version: mienVersion, kinds: failing, only: 'strict', signal: stop.signal });
    const events: JobEvent<number>[] = [];
    await runJobs({ queue: run.engine, jobs: [{ id: 'n-1', payload: 1 }], window: 1, onEvent: (event) => void events.push(event) });
    stop.abort();
    await serving;
    await run.close();
    expect([tries, ...events.map(({ type }) => type)]).toEqual([2, 'retrying', 'failed']);
  });

  it.skipIf(noRedis)('of another version are refused, and the line says which is needed', async () => {
    const board = new RunBoard(redis);
    await board.open(describeRun('versioned', { version: '0.1.0' }));
    await expect(serveRuns({ redis, version: '0.2.0', kinds })).rejects.toMatchObject({
      code: 'other-version',
      message: 'run versioned was opened by Mien 0.1.0, this worker is 0.2.0: refused; install 0.1.0 here',
    });
    await board.close('versioned');
  });

  it.skipIf(noRedis)('that cannot do what is asked are refused, but serve other runs', async () => {
    const board = new RunBoard(redis);
    // Opened within the same millisecond they would be looked at in no given order.
    await board.open(describeRun('strange', { kind: 'sweep', opened: 1 }));
    await expect(serveRuns({ redis, version: '1', kinds, only: 'strange' })).rejects.toMatchObject({
      code: 'other-kind',
      message: expect.stringContaining('knows double'),
    });
    const good = describeRun('good', { opened: 2 });
    await board.open(good);
    const notices: string[] = [];
    const stop = new AbortController();
    const serving = serveRuns({ redis, version: '1', kinds, signal: stop.signal, onNotice: (message) => notices.push(message) });
    const engine = new BullmqEngine<number, number>({ redis, run: good });
    await runJobs({ queue: engine, jobs: [{ id: 'n-1', payload: 1 }], window: 1 });
    stop.abort();
    await serving;
    expect(notices).toEqual([expect.stringContaining('run strange is of kind sweep'), 'joined double run good']);
    await engine.close();
    await board.close('strange');
  });

  it.skipIf(noRedis)('pass on the refusal of a handler', async () => {
    const board = new RunBoard(redis);
    await board.open(describeRun('unreachable'));
    const refusing = {
      double: async () => {
        throw new UserError('unreachable', 'cannot be reached from here');
      },
    };
    await expect(serveRuns({ redis, version: '1', kinds: refusing })).rejects.toMatchObject({ code: 'unreachable' });
    await board.close('unreachable');
  });
});

describe('names of runs', () => {
  it.each(['a', 'photos-2026', 'A.b_c-1'])('%s', (name) => expect(checkRunName(name)).toBe(name));
  it.each(['', '-a', 'a:b', 'a/b', '../a', 'runs', 'a'.repeat(64), 'a b'])('refuses %j', (name) => {
    expect(() => checkRunName(name)).toThrow(expect.objectContaining({ code: 'bad-option' }));
  });
});
