/** Intervals and comparisons by resampling, and a paired test of two models on the same rows. */
import { randomFor } from '@mien/data';
import { computeMetrics } from './metrics.ts';

/** Percentile interval of a figure over resampled rows (Efron 1979): [low, high] of the middle 95 %. */
export function bootstrapInterval(n: number, figure: (rows: Uint32Array) => number, { draws = 1000, seed = 1 } = {}): [number, number] {
  const random = randomFor(seed, 'bootstrap');
  const rows = new Uint32Array(n);
  const values = Array.from({ length: draws }, () => {
    for (let i = 0; i < n; i++) rows[i] = Math.floor(random.next() * n);
    return figure(rows);
  }).sort((a, b) => a - b);
  const at = (share: number): number => values[Math.min(draws - 1, Math.max(0, Math.round(share * (draws - 1))))]!;
  return [at(0.025), at(0.975)];
}

/** Bootstrap interval of the macro-F1. */
export function macroF1Interval(truth: ArrayLike<number>, predicted: ArrayLike<number>, labels: readonly string[], seed = 1): [number, number] {
  return bootstrapInterval(
    truth.length,
    (rows) =>
      computeMetrics(
        Uint8Array.from(rows, (row) => truth[row]!),
        Uint8Array.from(rows, (row) => predicted[row]!),
        labels,
      ).macroF1,
    { seed },
  );
}

export interface PairedComparison {
  readonly n: number;
  /** Rows only the first, and only the second, gets right. */
  readonly onlyFirst: number;
  readonly onlySecond: number;
  /** Accuracy of the first − that of the second, with its bootstrap interval over rows. */
  readonly difference: number;
  readonly difference95: readonly [number, number];
  /** Two-sided exact McNemar test (1947): chance of so uneven a split if both were equally good. */
  readonly p: number;
}

/** P(X ≤ k) for X ~ Binomial(n, ½), summed in logarithms. */
function binomialTail(k: number, n: number): number {
  let logChoose = 0;
  let sum = 0;
  for (let i = 0; i <= k; i++) {
    if (i > 0) logChoose += Math.log(n - i + 1) - Math.log(i);
    sum += Math.exp(logChoose - n * Math.LN2);
  }
  return sum;
}

/** Compares two models' predictions for the same rows, [N] each. */
export function comparePaired(truth: ArrayLike<number>, first: ArrayLike<number>, second: ArrayLike<number>, seed = 1): PairedComparison {
  const n = truth.length;
  const gain = new Int8Array(n);
  let [onlyFirst, onlySecond] = [0, 0];
  for (let i = 0; i < n; i++) {
    const [a, b] = [first[i] === truth[i], second[i] === truth[i]];
    if (a && !b) {
      onlyFirst++;
      gain[i] = 1;
    } else if (b && !a) {
      onlySecond++;
      gain[i] = -1;
    }
  }
  const mean = (rows: Uint32Array): number => rows.reduce((sum, row) => sum + gain[row]!, 0) / Math.max(1, n);
  return {
    n,
    onlyFirst,
    onlySecond,
    difference: (onlyFirst - onlySecond) / Math.max(1, n),
    difference95: n ? bootstrapInterval(n, mean, { seed }) : [0, 0],
    p: Math.min(1, 2 * binomialTail(Math.min(onlyFirst, onlySecond), onlyFirst + onlySecond)),
  };
}
