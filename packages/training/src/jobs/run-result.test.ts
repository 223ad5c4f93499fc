import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryDir } from '../../test/tiny-store.ts';
import { keepOutcome, readOutcome, type RunResult } from './run-result.ts';

const result = (accuracy: number, pausedAfter?: number): RunResult => ({
  row: 'a',
  seed: 1,
  seconds: 1,
  bestEpoch: 1,
  ...(pausedAfter === undefined ? {} : { pausedAfter }),
  rows: 'split val',
  n: 1,
  accuracy,
  macroF1: accuracy,
  nll: 1,
  truth: [0],
  predicted: [0],
});

describe('the outcome of a run', () => {
  it('at a pause stays what it was when the training is over, so that a sweep chooses the same candidates again', () => {
    const out = join(temporaryDir(), 'run');
    keepOutcome(out, result(0.6, 3));
    expect(readOutcome(out)).toBeUndefined();
    keepOutcome(out, result(0.5));
    expect(readOutcome(out, 3)).toMatchObject({ accuracy: 0.6 });
    expect(readOutcome(out)).toMatchObject({ accuracy: 0.5 });
    // Of a pause it did not come to, or was never asked about, the end speaks.
    expect(readOutcome(out, 9)).toMatchObject({ accuracy: 0.5 });
    keepOutcome(out, { row: 'a', seed: 1, failure: 'diverged' });
    expect(readOutcome(out, 3)).toMatchObject({ accuracy: 0.6 });
  });
});
