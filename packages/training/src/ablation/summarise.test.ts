/** Figures of rows measured on images of their own for every seed, as where a share of the rows is held out by it. */
import { describe, expect, it } from 'vitest';
import type { RunResult } from '../jobs/run-result.ts';
import type { AblationPlan } from './ablation-plan.ts';
import { summariseAblation } from './summarise.ts';

const run = (row: string, seed: number, truth: number[], predicted: number[]): RunResult => ({
  row,
  seed,
  seconds: 1,
  bestEpoch: 1,
  rows: 'held out',
  n: truth.length,
  accuracy: truth.filter((label, i) => label === predicted[i]).length / truth.length,
  macroF1: 0.5,
  nll: 1,
  truth,
  predicted,
});

const of = (n: number, seed: number): number[] => Array.from({ length: n }, (_, i) => (i * seed) % 3);
const guesses = (truth: number[], every: number): number[] => truth.map((label, i) => (i % every === 0 ? 1 - label : label));

describe('summariseAblation', () => {
  it('takes seeds that held out images, and numbers of images, of their own', () => {
    const outcomes = [1, 2].flatMap((seed) => {
      const truth = of(95 + 4 * seed, seed);
      return [run('plain', seed, truth, guesses(truth, 4)), run('better', seed, truth, guesses(truth, 8))];
    });
    const recipe = { data: { validation: { fraction: 0.1 } } };
    const rows = ['plain', 'better'].map((name, i) => ({ name, note: '', against: i === 1 ? 'plain' : undefined, recipe }));
    const plan = { name: 'x', description: '', split: undefined, seeds: [1, 2], rows } as unknown as AblationPlan;
    const costs = rows.map(({ name }) => ({
      name,
      architecture: 'a',
      input: [1, 8, 8],
      parameters: 1,
      flops: 1,
      trainingRows: 1,
      trainingFlops: 1,
      slowness: 1,
    }));
    const summary = summariseAblation(plan, { costs, dataset: 'd', outcomes, finished: true });
    const { accuracy, accuracy95, difference } = summary.rows[1]!.figures!;
    expect(accuracy95[0]).toBeLessThan(accuracy.mean);
    expect(accuracy95[1]).toBeGreaterThan(accuracy.mean);
    expect(difference!.value).toBeCloseTo(0.125, 1);
    expect(difference!.interval95[0]).toBeGreaterThan(0);
  });

  it('knows images of each seed’s own where their labels come in the same order, as from class folders', () => {
    const truth = Array.from({ length: 300 }, (_, i) => Math.floor(i / 100));
    const outcomes = [1, 2, 3].map((seed) => run('plain', seed, truth, guesses(truth, 4)));
    const widthOf = (split: string | undefined): number => {
      const rows = [{ name: 'plain', note: '', against: undefined, recipe: { data: { validation: { fraction: 0.1 } } } }];
      const plan = { name: 'x', description: '', split, seeds: [1, 2, 3], rows } as unknown as AblationPlan;
      const costs = [{ name: 'plain', architecture: 'a', input: [1, 8, 8], parameters: 1, flops: 1, trainingRows: 1, trainingFlops: 1, slowness: 1 }];
      const [low, high] = summariseAblation(plan, { costs, dataset: 'd', outcomes, finished: true }).rows[0]!.figures!.accuracy95;
      return high - low;
    };
    expect(widthOf('val')).toBeGreaterThan(1.4 * widthOf(undefined));
  });
});
