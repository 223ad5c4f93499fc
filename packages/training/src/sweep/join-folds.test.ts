import { expect, it } from 'vitest';
import type { RunResult } from '../jobs/run-result.ts';
import { joinFolds } from './join-folds.ts';

const fold = (places: number[], truth: number[], predicted: number[]): RunResult => ({
  row: 'a',
  seed: 1,
  seconds: 10,
  bestEpoch: 2,
  rows: 'fold',
  n: truth.length,
  accuracy: 0,
  macroF1: 0,
  nll: 1,
  truth,
  predicted,
  places,
});
const folds = [fold([4, 0], [1, 0], [1, 1]), fold([1, 2, 3], [0, 1, 2], [0, 1, 1])];

it('folds become one result over all rows, in the order of the split', () => {
  expect(joinFolds(folds, 2)).toMatchObject({
    row: 'a',
    seed: 1,
    seconds: 20,
    n: 5,
    truth: [0, 0, 1, 2, 1],
    predicted: [1, 0, 1, 1, 1],
    accuracy: 3 / 5,
    nll: 1,
    // F1: 2/3 of class 0, 2/3 of class 1, 0 of class 2.
    macroF1: expect.closeTo(4 / 9, 10),
  });
});

it('there is none before all are there, and a failure is the outcome at once', () => {
  expect(joinFolds([folds[0]!], 2)).toBeUndefined();
  const failed = { row: 'a', seed: 1, failure: 'diverged' };
  expect(joinFolds([folds[0]!, failed], 3)).toBe(failed);
});
