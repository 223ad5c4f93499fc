import { type Session, tensor } from '@mien/onnx';
import { expect, test } from 'vitest';
import { batchingSession } from './batching-session.ts';

/** Doubles its input; remembers the rows of each run. */
function doubling(fail = false): { session: Session; runs: number[] } {
  const runs: number[] = [];
  const session: Session = {
    inputNames: ['x'],
    outputNames: ['y', 'unused'],
    run: async (feeds, fetches) => {
      const x = feeds.x!;
      runs.push(x.shape[0]!);
      if (fail) throw new Error('out of memory');
      expect(fetches).toEqual(['y']);
      return {
        y: tensor.float32(
          (x.data as Float32Array).map((v) => 2 * v),
          x.shape,
        ),
      };
    },
    bind: () => async () => {},
    release: async () => {},
  };
  return { session, runs };
}
const rows = (...values: number[]) => ({ x: tensor.float32(Float32Array.from(values.flatMap((v) => [v, -v])), [values.length, 2]) });
const options = { largestBatch: 4, longestWaitMs: 5, moreExpected: () => false };

test('calls of one turn become one run, and each gets its own rows', async () => {
  const { session, runs } = doubling();
  const ran: number[] = [];
  const batching = batchingSession(session, { ...options, onRun: (n) => ran.push(n) });
  const [a, b, c] = await Promise.all([rows(1), rows(2, 3), rows(4)].map((feeds) => batching.run(feeds, ['y'])));
  expect([...a!.y!.data]).toEqual([2, -2]);
  expect([...b!.y!.data]).toEqual([4, -4, 6, -6]);
  expect(b!.y!.shape).toEqual([2, 2]);
  expect([...c!.y!.data]).toEqual([8, -8]);
  expect(runs).toEqual([4]);
  expect(ran).toEqual([4]);
});

test('a run holds no more than the largest batch, unless one call alone does', async () => {
  const { session, runs } = doubling();
  const batching = batchingSession(session, options);
  await Promise.all([rows(1, 2, 3), rows(4, 5), rows(6, 7, 8, 9, 10), rows(11)].map((feeds) => batching.run(feeds, ['y'])));
  expect(runs).toEqual([3, 2, 5, 1]);
});

test('while more is expected a row waits for it, but not for ever', async () => {
  const { session, runs } = doubling();
  const batching = batchingSession(session, { ...options, longestWaitMs: 30, moreExpected: () => true });
  const first = batching.run(rows(1), ['y']);
  await new Promise((resolve) => setImmediate(resolve));
  expect(runs).toEqual([]);
  await Promise.all([first, batching.run(rows(2), ['y'])]);
  expect(runs).toEqual([2]);
});

test('a full batch waits for nothing', async () => {
  const { session, runs } = doubling();
  const batching = batchingSession(session, { ...options, longestWaitMs: 1e6, moreExpected: () => true });
  await Promise.all([batching.run(rows(1, 2), ['y']), batching.run(rows(3, 4), ['y'])]);
  expect(runs).toEqual([4]);
});

test('a run that fails fails for all in it, and the next is a new one', async () => {
  const { session, runs } = doubling(true);
  const batching = batchingSession(session, options);
  const results = await Promise.allSettled([batching.run(rows(1), ['y']), batching.run(rows(2), ['y'])]);
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  await expect(batching.run(rows(3), ['y'])).rejects.toThrow('out of memory');
  expect(runs).toEqual([2, 1]);
  await batching.settled();
});

test('settled waits for what waits, and for nothing when nothing does', async () => {
  const { session } = doubling();
  const batching = batchingSession(session, options);
  await batching.settled();
  let done = false;
  const run = batching.run(rows(1), ['y']).then(() => {
    done = true;
  });
  await batching.settled();
  await run;
  expect(done).toBe(true);
});
