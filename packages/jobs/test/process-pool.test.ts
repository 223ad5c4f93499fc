/** Real processes. The package is imported by name: they run compiled JavaScript. */
import { EmbeddedEngine, type JobEvent, ProcessPool, runJobs } from '@mien/jobs';
import { afterEach, expect, it } from 'vitest';

interface Payload {
  readonly value: number;
  readonly dieTimes?: number;
  readonly hang?: boolean;
}
interface Outcome {
  readonly doubled: number;
  readonly pid: number;
}

const module = new URL('./counting-handler.mjs', import.meta.url).href;
const policy = { failures: 2, deaths: 3, firstDelayMs: 10, longestDelayMs: 20 };
let pool: ProcessPool<Payload, Outcome>;
afterEach(() => pool.close());

async function run(jobs: Payload[], init: object = {}, silenceMs?: number) {
  const engine = new EmbeddedEngine<Payload, Outcome>(policy);
  const deaths: string[] = [];
  pool = new ProcessPool({ engine, workers: 2, module, init, onDeath: (reason) => deaths.push(reason), ...(silenceMs ? { silenceMs } : {}) });
  const events: JobEvent<Outcome>[] = [];
  const specs = jobs.map((payload, i) => ({ id: `job-${i}`, payload }));
  await Promise.race([runJobs({ queue: engine, jobs: specs, window: 4, onEvent: (event) => void events.push(event) }), pool.broken]);
  const results = Object.fromEntries(events.map((event) => [event.id, event.type === 'completed' ? event.result.doubled : event]));
  return { results, deaths, events };
}

it('does every job in processes of its own, and ends them', async () => {
  const { results, events } = await run(Array.from({ length: 12 }, (_, value) => ({ value })));
  expect(results).toEqual(Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`job-${i}`, 2 * i])));
  const pids = new Set(events.map((event) => event.type === 'completed' && event.result.pid));
  expect(pids).not.toContain(process.pid);
  await pool.close();
  for (const pid of pids) expect(() => process.kill(pid as number, 0)).toThrow('ESRCH');
});

it('replaces a worker that dies; its job goes to another, and is given up after many deaths', async () => {
  const { results, deaths } = await run([{ value: 1 }, { value: 2, dieTimes: 2 }, { value: 3, dieTimes: 99 }, { value: 4 }]);
  expect(results).toMatchObject({
    'job-0': 2,
    'job-1': 4,
    'job-2': { type: 'failed', failure: { message: '3 workers died while working on it' } },
    'job-3': 8,
  });
  expect(deaths).toEqual(Array(5).fill('SIGKILL'));
});

it('kills a worker whose thread hangs', async () => {
  const { results, deaths } = await run([{ value: 1, hang: true }], {}, 5000);
  expect(results).toEqual({ 'job-0': 2 });
  expect(deaths).toEqual(['SIGKILL']);
});

it('closes where no worker could be spawned, before that is known and after', async () => {
  const node = process.execPath;
  const engine = new EmbeddedEngine<Payload, Outcome>(policy);
  const open = (): ProcessPool<Payload, Outcome> => new ProcessPool({ engine, workers: 2, module, init: {} });
  process.execPath = '/nowhere/node';
  try {
    await open().close();
    pool = open();
    await expect(pool.broken).rejects.toThrow('ENOENT');
    await pool.close();
    expect(pool.pids).toEqual([]);
  } finally {
    process.execPath = node;
  }
});

it.each([
  [{ unfit: true }, 'cannot do this'],
  [{ exit: true }, 'ended 3 times before it was ready (exit status 3)'],
])('a pool that can never work (%j) says why', async (init, message) => {
  await expect(run([{ value: 1 }], init)).rejects.toThrow(message);
});
