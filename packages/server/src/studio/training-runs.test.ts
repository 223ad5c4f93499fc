import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { listRuns, readRunLog } from './training-runs.ts';

const line = (value: object): string => `${JSON.stringify({ time: '2026-01-01T00:00:00.000Z', ...value })}\n`;
const epoch = (n: number, accuracy: number): string =>
  line({ type: 'epoch', epoch: n, best: true, train: { loss: 1, accuracy }, validation: { loss: 2, accuracy, macroF1: 0, n: 9 }, seconds: 1 });

test('a log is read to where it stands, half a last line and unknown events passed over', () => {
  const log = line({ type: 'start', epochs: 3 }) + epoch(1, 0.4) + line({ type: 'something new' }) + epoch(2, 0.5) + '{"type":"epo';
  const run = readRunLog('a', log);
  expect(run).toMatchObject({ name: 'a', state: 'running', plannedEpochs: 3, lastHeard: '2026-01-01T00:00:00.000Z' });
  expect(run.epochs.map((each) => [each.epoch, each.validationAccuracy, each.trainLoss])).toEqual([
    [1, 0.4, 1],
    [2, 0.5, 1],
  ]);
});

test('a resumed run tells an epoch again: the later one counts, and the run goes on', () => {
  const log = epoch(1, 0.4) + line({ type: 'stopped', epoch: 1, step: 3 }) + line({ type: 'start', epochs: 3 }) + epoch(1, 0.6);
  expect(readRunLog('a', log)).toMatchObject({ state: 'running', epochs: [{ epoch: 1, validationAccuracy: 0.6 }] });
  expect(readRunLog('a', log + line({ type: 'done' })).state).toBe('done');
  expect(readRunLog('a', '')).toMatchObject({ epochs: [], lastHeard: null });
});

test('a folder of runs, a run itself, and a folder that is not there', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'mien-runs-'));
  await mkdir(join(dir, 'a'));
  await mkdir(join(dir, 'no-run'));
  await writeFile(join(dir, 'a/log.jsonl'), epoch(1, 0.4));
  expect((await listRuns(dir)).runs.map(({ name }) => name)).toEqual(['a']);
  expect((await listRuns(join(dir, 'a'))).runs.map(({ name }) => name)).toEqual(['a']);
  expect((await listRuns(join(dir, 'gone'))).runs).toEqual([]);
  await rm(dir, { recursive: true });
});

test('a run without its lock was interrupted; a lock that nobody touches any more was left behind', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'mien-runs-'));
  await writeFile(join(dir, 'log.jsonl'), line({ type: 'start', epochs: 3 }));
  const state = async (): Promise<string> => (await listRuns(dir)).runs[0]!.state;
  expect(await state()).toBe('interrupted');
  await writeFile(join(dir, 'lock'), '1');
  expect(await state()).toBe('running');
  await utimes(join(dir, 'lock'), 0, 0);
  expect(await state()).toBe('interrupted');
  await rm(dir, { recursive: true });
});
