/** Whole sweeps, seconds long, on a tiny network. The package is imported by name: its workers run compiled JavaScript. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readCard, UserError } from '@mien/runtime';
import {
  parseGrid,
  planSweep,
  runFolder,
  runSweep,
  type RunSweepOptions,
  summariseSweep,
  type SweepPlan,
  type SweepProgress,
  type SweepRequest,
  train,
  writeResults,
} from '@mien/training';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { temporaryDir, writeTinyStore } from '../../test/tiny-store.ts';

let dir: string;
let data: string;
let recipe: string;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'mien-sweep-test-'));
  data = writeTinyStore(join(dir, 'store'), { train: 16, val: 14 });
  recipe = join(dir, 'tiny.yaml');
  writeFileSync(
    recipe,
    `
name: tiny
model: mien-net-small
modelOptions: { widths: '16', depths: '1', stem: 16 }
batch: 8
epochs: 3
data: { validation: { split: val } }
optimizer: { kind: sgd, learningRate: 0.02 }
schedule: { kind: cosine }
`,
  );
});
// Whole trainings in processes of their own take minutes where the machine has other work.
vi.setConfig({ testTimeout: 600_000, hookTimeout: 600_000 });
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const plan = (changes: Partial<SweepRequest> & { grid?: string[] } = {}): SweepPlan => {
  const { grid = [], ...rest } = changes;
  return planSweep({ recipe, set: [], space: { grid: parseGrid(grid), draws: 1, random: [], seed: 1 }, ...rest });
};

async function run(options: Pick<RunSweepOptions, 'plan' | 'out'> & Partial<RunSweepOptions>) {
  const progress: SweepProgress[] = [];
  const notices: string[] = [];
  const outcome = await runSweep({
    data,
    threads: 1,
    ...options,
    onNotice: (message) => notices.push(message),
    onProgress: (each) => {
      progress.push(each);
      options.onProgress?.(each);
    },
  });
  const summary = await summariseSweep({ plan: options.plan, outcome, data, out: options.out, threads: 1 });
  return { outcome, progress, notices, summary };
}

describe('a sweep with halving, on processes of its own', () => {
  it('leaves the worse candidates behind; who reaches the end has the weights of an uninterrupted training', async () => {
    const out = join(temporaryDir(), 'out');
    const halving = plan({ grid: ['optimizer.learningRate=1e20,0.02,0'], halving: { eta: 3, first: 1 } });
    expect(halving.halving).toEqual({ eta: 3, rungs: [1, 3] });
    const { outcome, summary, notices } = await run({ plan: halving, out, workers: 2 });
    expect(notices).toEqual([expect.stringMatching(/^after epoch 1: 1 of 3 go on \(learningRate=/)]);
    expect(outcome).toMatchObject({ finished: true, dataset: 'tiny', trainings: 3 });
    const [best, second, last] = summary.rows;
    expect(best!.figures!.accuracy95[0]).toBeLessThanOrEqual(best!.figures!.accuracy.mean);
    expect(second!.note).toBe('left after 1 of 3 epochs');
    expect(second!.figures!.difference).toBeUndefined();
    expect(last!.name).toBe('learningRate=100000000000000000000');
    expect(last!.note).toMatch(/learningRate or look for broken images/);

    const winner = outcome.candidates.findIndex(({ name }) => name === best!.name);
    const whole = join(temporaryDir(), 'whole');
    await train({ recipe: halving.rows[winner]!.recipe, data, out: whole, threads: 1, thread: 'caller' });
    const folder = readdirSync(join(out, 'runs')).find((name) => name.startsWith(`0${winner + 1}`))!;
    const bytes = (of: string) => readFileSync(runFolder(of).model);
    expect(bytes(join(out, 'runs', folder)).equals(bytes(whole))).toBe(true);

    const files = await writeResults(summary, out);
    const markdown = readFileSync(files.markdown, 'utf8');
    expect(markdown).toContain('Halving: candidates are compared after 1, 3 epochs');
    expect(markdown).toContain('The best of 3 candidates is chosen on the rows it is measured on');
    expect(JSON.parse(readFileSync(files.json, 'utf8'))).toMatchObject({ best: best!.name, trainings: 3, seeds: [1] });
    expect(readFileSync(files.csv, 'utf8').split('\n')).toHaveLength(5);

    // Nothing is left to do, and nothing is done.
    const again = await run({ plan: halving, out, workers: 2 });
    expect(again.progress).toEqual([]);
    expect(again.summary.rows).toEqual(summary.rows);
    const elsewhere = writeTinyStore(join(temporaryDir(), 'store'), { train: 16, val: 7 });
    await expect(run({ plan: halving, out, data: elsewhere })).rejects.toMatchObject({ code: 'other-data' });
    await expect(run({ plan: plan({ grid: ['optimizer.learningRate=0.02,0'] }), out })).rejects.toMatchObject({ code: 'other-sweep' });
  });
});

describe('a sweep over folds', () => {
  it('stopped, it goes on; every row is named once, by a model that did not learn it', async () => {
    const out = join(temporaryDir(), 'out');
    const folds = plan({ folds: 2, set: ['batch=4'] });
    const stop = new AbortController();
    const first = await run({
      plan: folds,
      out,
      signal: stop.signal,
      onProgress: ({ run: { fold }, event }) => fold === 1 && event.type === 'step' && stop.abort(),
    });
    expect(first.outcome.finished).toBe(false);
    expect(first.summary.rows[0]!.figures).toBeUndefined();
    const done = runFolder(join(out, 'runs/01-tiny-seed-1-fold-1')).log;
    const log = readFileSync(done, 'utf8');
    const { summary, outcome } = await run({ plan: folds, out });
    expect(outcome).toMatchObject({ finished: true, trainings: 2 });
    expect(readFileSync(done, 'utf8')).toBe(log);
    expect(summary).toMatchObject({ n: 16, measuredOn: 'each image by the one of 2 models that did not learn it' });
    expect(outcome.candidates[0]!.outcomes[0]).toMatchObject({ truth: Array.from({ length: 16 }, (_, i) => i % 7) });
    expect(summary.notes.join(' ')).toContain('neither learnt it nor chose its epoch on it');
  });
});

describe('a sweep over folds with halving', () => {
  it('stopped within a rung, shows candidates by the rung that all their folds came to', async () => {
    const out = join(temporaryDir(), 'out');
    const both = plan({ folds: 2, set: ['batch=4'], grid: ['optimizer.learningRate=0.02,0.01,0.005,0.002'], halving: { eta: 2, first: 1 } });
    const stop = new AbortController();
    let first: string | undefined;
    const { outcome } = await run({
      plan: both,
      out,
      signal: stop.signal,
      // Of the two that are alive one is through, and one is not.
      onProgress: ({ rung, run: { fold, row }, event }) => {
        if (rung !== 2 || event.type !== 'step') return;
        first ??= row;
        if (row !== first && fold === 1) stop.abort();
      },
    });
    expect(outcome.finished).toBe(false);
    for (const { outcomes, rungsReached } of outcome.candidates) {
      expect(rungsReached).toBe(1);
      expect(outcomes).toEqual([expect.objectContaining({ pausedAfter: both.halving!.rungs[0], n: 16 })]);
    }
    const done = await run({ plan: both, out });
    expect(done.outcome.candidates.map(({ rungsReached }) => rungsReached).sort()).toEqual([1, 1, 2, 2]);
  });
});

describe('members of an ensemble', () => {
  it('are seeds, and become one file with a row of its own', async () => {
    const out = join(temporaryDir(), 'out');
    const { summary } = await run({ plan: plan({ members: 2, set: ['epochs=1'] }), out });
    expect(summary.seeds).toEqual([1, 2]);
    expect(summary.rows.map(({ name }) => name)).toEqual(['tiny', 'ensemble of the 2 of tiny']);
    const [members, ensemble] = summary.rows;
    expect(ensemble!.figures!.difference!.value).toBeCloseTo(ensemble!.figures!.accuracy.mean - members!.figures!.accuracy.mean, 10);
    expect(ensemble!.parameters).toBe(2 * members!.parameters);
    expect(readCard(new Uint8Array(readFileSync(summary.ensemble!))).name).toBe('tiny-ensemble');
    expect((await writeResults(summary, out)).markdown).toBe(join(out, 'results.md'));
  });
});

describe('refused, naming what to do', () => {
  const refusal = async (act: () => unknown): Promise<string> => {
    try {
      await act();
    } catch (error) {
      expect(error, String(error)).toBeInstanceOf(UserError);
      expect((error as Error).message).not.toContain('\n');
      return (error as Error).message;
    }
    throw new Error('was accepted');
  };

  it.each([
    [{ grid: ['modle=a,b'] }, 'there is no field modle; did you mean model?'],
    [{ grid: ['optimizer.lerningRate=1,2'] }, 'did you mean learningRate?'],
    [{ folds: 1 }, '--folds 1: expected a number from 2 to 100'],
    [{ folds: 3, split: 'val' }, '--folds and --split'],
    [{ folds: 3, members: 2 }, '--members and --folds'],
    [{ seeds: [1], members: 2 }, '--members and --seeds'],
    [{ seeds: [1, 1] }, '--seeds 1,1: names one twice'],
    [{ seeds: [Number.NaN] }, '--seeds: expected whole numbers'],
    [{ members: 2, set: ['data.validation.fraction=0.2'] }, 'set data.validation.split, or measure on --split'],
    [{ halving: { eta: 3, first: 1 } }, '--halving: needs two candidates or more'],
    [{ grid: ['epochs=3,9'], halving: { eta: 3, first: 1 } }, 'candidates must have the same number of epochs'],
    [
      { grid: [`batch=${Array.from({ length: 101 }, (_, i) => i + 1)}`], seeds: Array.from({ length: 100 }, (_, i) => i) },
      'are 10100 trainings; at most 10000',
    ],
  ])('%j', async (changes, message) => expect(await refusal(() => plan(changes))).toContain(message));

  it('more folds than rows, an unknown split, workers beside a queue', async () => {
    const out = join(temporaryDir(), 'out');
    expect(await refusal(() => run({ plan: plan({ folds: 17 }), out }))).toContain('--folds 17: split train has 16 rows');
    expect(await refusal(() => run({ plan: plan({ split: 'public' }), out }))).toContain('no split public');
    expect(await refusal(() => run({ plan: plan({ folds: 2 }), out, workers: 1, queue: 'redis://localhost' }))).toContain('--workers is for this machine');
    expect(await refusal(() => run({ plan: plan({ seeds: [1, 2] }), out, queue: 'http://localhost' }))).toContain('expected an address as redis://');
    expect(existsSync(out)).toBe(false);
  });
});
