/** What every job engine promises, held against both. */
import { UserError } from '@mien/runtime';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BullmqEngine } from './redis/bullmq-engine.ts';
import { EmbeddedEngine } from './embedded-engine.ts';
import { RetryLater, type RetryPolicy } from './failure.ts';
import type { JobEvent, JobHandler, JobSpec } from './job.ts';
import type { JobEngine } from './job-engine.ts';
import { connectRedis } from './redis/redis-connection.ts';
import { noRedis, startRedis, type TestServer } from './redis/redis-server.test-helper.ts';
import { RunBoard, type RunDescription } from './redis/run-board.ts';
import { runJobs } from './run-jobs.ts';
import { runWorker } from './run-worker.ts';

type Payload = { value: number };
type Outcome = { square: number };
type Engine = JobEngine<Payload, Outcome>;

const policy: RetryPolicy = { failures: 3, deaths: 3, firstDelayMs: 20, longestDelayMs: 40 };
const jobs = (count: number): JobSpec<Payload>[] => Array.from({ length: count }, (_, i) => ({ id: `job-${i}`, payload: { value: i } }));
const square: JobHandler<Payload, Outcome> = async ({ payload }) => ({ square: payload.value ** 2 });

let server: TestServer;
let redis: Redis;
let runs = 0;

async function openRun(): Promise<RunDescription> {
  const run = { id: `run-${++runs}`, kind: 'test', version: '1', opened: Date.now(), payload: {}, policy };
  await new RunBoard(redis).open(run);
  return run;
}

const engines = [
  { name: 'embedded', skip: '', make: async (): Promise<Engine[]> => Array(3).fill(new EmbeddedEngine<Payload, Outcome>(policy)) as Engine[] },
  {
    name: 'BullMQ',
    skip: noRedis,
    // The submitter and two workers, each as a process of its own would have it.
    make: async (): Promise<Engine[]> => {
      const run = await openRun();
      return [0, 1, 2].map(() => new BullmqEngine<Payload, Outcome>({ redis, run, leaseMs: 1000 }));
    },
  },
];

beforeAll(async () => {
  if (noRedis) return;
  server = await startRedis();
  redis = await connectRedis(server.url);
});
afterAll(async () => {
  redis?.disconnect();
  await server?.stop();
});

/** Runs all jobs with two workers; the events in order. */
async function run([queue, ...workers]: Engine[], specs: readonly JobSpec<Payload>[], handler: JobHandler<Payload, Outcome>, window = 4) {
  const events: JobEvent<Outcome>[] = [];
  const stop = new AbortController();
  const working = workers.map((source) => runWorker({ source, handler, signal: stop.signal }));
  const finished = await runJobs({ queue: queue!, jobs: specs, window, onEvent: (event) => void events.push(event) });
  expect(finished).toBe(true);
  stop.abort();
  await queue!.close();
  await Promise.all(working);
  await Promise.all(workers.map((worker) => (worker instanceof BullmqEngine ? worker.disconnect() : undefined)));
  return events;
}

describe.each(engines)('$name engine$skip', ({ make, skip }) => {
  it.skipIf(skip)('gives every job to one worker and its result back, once', async () => {
    const seen: number[] = [];
    const events = await run(await make(), jobs(25), async (claim, context) => {
      seen.push(claim.payload.value);
      return square(claim, context);
    });
    expect(seen.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 25 }, (_, i) => i));
    const results = new Map(events.map((event) => [event.id, event.type === 'completed' ? event.result.square : event.type]));
    expect(results).toEqual(new Map(jobs(25).map(({ id, payload }) => [id, payload.value ** 2])));
    expect(events).toHaveLength(25);
  });

  it.skipIf(skip)('tries a failure again up to the limit, trouble of the place without limit, a mistake never', async () => {
    const tries = new Map<number, number>();
    const events = await run(await make(), jobs(4), async (claim, context) => {
      const { value } = claim.payload;
      const n = (tries.get(value) ?? 0) + 1;
      tries.set(value, n);
      if (value === 1 && n <= 2) throw new Error('stumbled');
      if (value === 2 && n <= 5) throw new RetryLater('the disk is full');
      if (value === 3) throw new UserError('bad-option', 'cannot be done');
      if (value === 0) {
        expect(claim.failures).toBe(n - 1);
        throw new Error('always');
      }
      return square(claim, context);
    });
    expect(Object.fromEntries(tries)).toEqual({ 0: 3, 1: 3, 2: 6, 3: 1 });
    const outcomes = new Map<string, unknown>();
    for (const event of events) {
      if (event.type === 'completed') outcomes.set(event.id, event.result.square);
      if (event.type === 'failed') outcomes.set(event.id, event.failure);
    }
    expect(Object.fromEntries(outcomes)).toMatchObject({
      'job-0': { retry: 'again', message: 'always' },
      'job-1': 1,
      'job-2': 4,
      'job-3': { retry: 'never', code: 'bad-option', message: 'cannot be done' },
    });
    expect(events.filter((e) => e.type === 'retrying' && e.id === 'job-2')).toHaveLength(5);
  });

  it.skipIf(skip)('never holds more than the window', async () => {
    const made = await make();
    let open = 0;
    let most = 0;
    async function* counted() {
      for (const job of jobs(60)) {
        most = Math.max(most, ++open);
        yield job;
      }
    }
    const stop = new AbortController();
    const working = runWorker({ source: made[1]!, handler: square, signal: stop.signal });
    await runJobs({ queue: made[0]!, jobs: counted(), window: 5, onEvent: (event) => void (event.type === 'completed' && open--) });
    stop.abort();
    expect(most).toBe(5);
    await made[0]!.close();
    await working;
    if (made[1] instanceof BullmqEngine) await made[1].disconnect();
  });

  it.skipIf(skip)('gives a job that is released to the next worker, and passes progress on', async () => {
    const [queue, first, second] = (await make()) as [Engine, Engine, Engine];
    await queue.submit(jobs(1));
    const claim = (await first.claim())!;
    first.progress(claim, 0.5);
    expect(await queue.collect(1000)).toEqual([{ type: 'progress', id: 'job-0', value: 0.5 }]);
    await first.release(claim);
    const again = (await second.claim())!;
    expect(again).toMatchObject({ id: 'job-0', failures: 0, deaths: 0 });
    await second.complete(again, { square: 0 });
    // The first one is late: its result no longer counts, and does not disturb.
    await first.complete(claim, { square: 99 });
    expect(await queue.collect(1000)).toEqual([{ type: 'completed', id: 'job-0', result: { square: 0 } }]);
    await queue.close();
    for (const worker of [first, second]) if (worker instanceof BullmqEngine) await worker.disconnect();
  });

  it.skipIf(skip)('stops handing out when aborted', async () => {
    const [queue] = (await make()) as [Engine];
    const stop = new AbortController();
    const running = runJobs({ queue, jobs: jobs(10), window: 2, signal: stop.signal });
    setTimeout(() => stop.abort(), 50);
    expect(await running).toBe(false);
    await queue.close();
  });
});

describe(`BullMQ engine alone${noRedis}`, () => {
  it.skipIf(noRedis)('takes over the job of a worker that fell silent, and gives it up after many', async () => {
    const description = await openRun();
    const make = () => new BullmqEngine<Payload, Outcome>({ redis, run: description, leaseMs: 200 });
    const queue = make();
    await queue.submit(jobs(1));
    const deaths: number[] = [];
    for (let i = 0; i < policy.deaths; i++) {
      const dead = make();
      let claim = await dead.claim();
      while (!claim) claim = await dead.claim();
      deaths.push(claim.deaths);
      // Silence: the claim is neither renewed nor settled.
      await dead.disconnect();
    }
    expect(deaths).toEqual([0, 1, 2]);
    const last = make();
    let events: JobEvent<Outcome>[] = [];
    while (events.length === 0) {
      expect(await last.claim()).toBeUndefined();
      events = await queue.collect(100);
    }
    expect(events).toMatchObject([{ type: 'failed', id: 'job-0', failure: { message: '3 workers died while working on it' } }]);
    await last.disconnect();
    await queue.close();
  });

  it.skipIf(noRedis)('completes every job over a restart of a server that forgets everything', async () => {
    const own = await startRedis();
    const connection = await connectRedis(own.url);
    const description = { id: 'forgotten', kind: 'test', version: '1', opened: Date.now(), payload: {}, policy };
    await new RunBoard(connection).open(description);
    const made = [0, 1, 2].map(() => new BullmqEngine<Payload, Outcome>({ redis: connection, run: description, leaseMs: 1000 }));
    let done = 0;
    const events = await run(made, jobs(30), async (claim, context) => {
      if (++done === 8) await own.restart();
      return square(claim, context);
    });
    expect(new Set(events.filter((e) => e.type === 'completed').map((e) => e.id)).size).toBe(30);
    expect(events.filter((e) => e.type === 'failed')).toEqual([]);
    connection.disconnect();
    await own.stop();
  });

  it.skipIf(noRedis)('leaves nothing behind in Redis', async () => {
    const description = await openRun();
    const queue = new BullmqEngine<Payload, Outcome>({ redis, run: description });
    await queue.submit(jobs(3));
    expect((await redis.keys(`mien:${description.id}:*`)).length).toBeGreaterThan(0);
    await queue.close();
    expect(await redis.keys(`mien:${description.id}:*`)).toEqual([]);
    expect(await new RunBoard(redis).isOpen(description.id)).toBe(false);
  });
});
