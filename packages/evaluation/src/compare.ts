/** Intervals and comparisons by resampling, and a paired test of two models on the same rows. */
import { randomFor } from '@mien/data';
import { calibrationBin } from './calibration.ts';
import { argmax } from './metrics.ts';

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

/** Macro-F1 of a confusion matrix, counts [K·K] by true and predicted class: the mean F1 of the classes with rows. */
function macroF1Of(counts: Uint32Array, classes: number): number {
  let [sum, present] = [0, 0];
  for (let k = 0; k < classes; k++) {
    let [support, claimed] = [0, 0];
    for (let j = 0; j < classes; j++) {
      support += counts[k * classes + j]!;
      claimed += counts[j * classes + k]!;
    }
    if (support === 0) continue;
    present++;
    sum += (2 * counts[k * classes + k]!) / (support + claimed);
  }
  return present ? sum / present : 0;
}

/** Bootstrap interval of the macro-F1. */
export function macroF1Interval(truth: ArrayLike<number>, predicted: ArrayLike<number>, labels: readonly string[], seed = 1): [number, number] {
  const K = labels.length;
  const cells = Uint32Array.from(truth, (k, i) => k * K + predicted[i]!);
  const counts = new Uint32Array(K * K);
  const figure = (rows: Uint32Array): number => {
    counts.fill(0);
    for (const row of rows) counts[cells[row]!]!++;
    return macroF1Of(counts, K);
  };
  return bootstrapInterval(truth.length, figure, { seed });
}

/** Bootstrap interval of the mean of one value a row. */
export function meanInterval(values: ArrayLike<number>, seed = 1): [number, number] {
  const n = values.length;
  const figure = (rows: Uint32Array): number => {
    let sum = 0;
    for (const row of rows) sum += values[row]!;
    return sum / Math.max(1, n);
  };
  return bootstrapInterval(n, figure, { seed });
}

/**
 * Bootstrap interval of the expected calibration error: probabilities [N,K], truth [N]. Resampling adds noise to every bin, so
 * that the interval lies a little high where the error is small.
 */
export function calibrationInterval(p: Float32Array, truth: ArrayLike<number>, classes: number, seed = 1, bins = 15): [number, number] {
  const n = truth.length;
  const bin = new Uint8Array(n);
  const excess = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const best = argmax(p, i * classes, classes);
    const confidence = p[i * classes + best]!;
    bin[i] = calibrationBin(confidence, bins);
    excess[i] = Number(best === truth[i]) - confidence;
  }
  const sums = new Float64Array(bins);
  const figure = (rows: Uint32Array): number => {
    sums.fill(0);
    for (const row of rows) sums[bin[row]!]! += excess[row]!;
    return sums.reduce((sum, value) => sum + Math.abs(value), 0) / Math.max(1, n);
  };
  return bootstrapInterval(n, figure, { seed });
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
  return {
    n,
    onlyFirst,
    onlySecond,
    difference: (onlyFirst - onlySecond) / Math.max(1, n),
    difference95: n ? meanInterval(gain, seed) : [0, 0],
    p: Math.min(1, 2 * binomialTail(Math.min(onlyFirst, onlySecond), onlyFirst + onlySecond)),
  };
}
