/** The folds of one candidate and seed put together: every row of the split once, named by a model that did not learn it. */
import { computeMetrics } from '@mien/evaluation';
import { isFailed, type RunOutcome, type RunResult } from '../jobs/run-result.ts';

/** One outcome from those of all folds; undefined where some are to come. A fold that failed is what the whole says. */
export function joinFolds(outcomes: readonly RunOutcome[], folds: number): RunOutcome | undefined {
  const failed = outcomes.find(isFailed);
  if (failed) return failed;
  if (outcomes.length < folds) return undefined;
  const results = outcomes as readonly RunResult[];
  // In the order of the split, which is the same for every candidate and seed.
  const rows = results
    .flatMap(({ places, truth, predicted }) => truth.map((label, i) => ({ place: places![i]!, label, guess: predicted[i]! })))
    .sort((a, b) => a.place - b.place);
  const truth = rows.map(({ label }) => label);
  const predicted = rows.map(({ guess }) => guess);
  const classes = 1 + truth.concat(predicted).reduce((highest, label) => Math.max(highest, label), 0);
  const { n, accuracy, macroF1 } = computeMetrics(
    truth,
    predicted,
    Array.from({ length: classes }, (_, k) => String(k)),
  );
  const [{ row, seed, pausedAfter }] = results as [RunResult];
  return {
    row,
    seed,
    // All folds together: what a figure of this row cost.
    seconds: results.reduce((sum, { seconds }) => sum + seconds, 0),
    bestEpoch: Math.round(results.reduce((sum, { bestEpoch }) => sum + bestEpoch, 0) / results.length),
    ...(pausedAfter === undefined ? {} : { pausedAfter }),
    rows: `each image by the one of ${folds} models that did not learn it`,
    n,
    accuracy,
    macroF1,
    nll: results.reduce((sum, result) => sum + result.nll * result.n, 0) / n,
    truth,
    predicted,
  };
}
