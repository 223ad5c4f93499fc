/** Figures of trainings that were repeated with other seeds: intervals over rows and seeds together. */
import { randomFor } from '@mien/data';

export interface SeedIntervalOptions {
  /** Default 1000. */
  readonly draws?: number;
  readonly seed?: number;
  /** Whether all seeds were asked about the same rows, in the same order; false where each held out rows of its own. Default true. */
  readonly sameRows?: boolean;
}

/**
 * Interval of the mean of `values`, one list a seed, over its rows: in every draw seeds are drawn with replacement, and
 * rows too, the same for all seeds or for each seed of its own. [low, high] of the middle 95 %.
 * What the interval covers is the chance in the rows and in the training; with few seeds the latter is known roughly.
 */
export function intervalOverSeeds(
  values: readonly ArrayLike<number>[],
  { draws = 1000, seed = 1, sameRows = true }: SeedIntervalOptions = {},
): [number, number] {
  const S = values.length;
  const n = values[0]?.length ?? 0;
  if (sameRows && values.some((each) => each.length !== n))
    throw new RangeError(`intervalOverSeeds: seeds of ${values.map((each) => each.length).join(', ')} rows`);
  if (S === 0 || values.some((each) => each.length === 0)) throw new RangeError('intervalOverSeeds: there is nothing to resample');
  const random = randomFor(seed, 'seeds');
  const overSameRows = (drawn: readonly ArrayLike<number>[]): number => {
    let sum = 0;
    for (let i = 0; i < n; i++) {
      const row = random.int(n);
      for (const each of drawn) sum += each[row]!;
    }
    return sum / (n * S);
  };
  const overOwnRows = (drawn: readonly ArrayLike<number>[]): number => {
    let mean = 0;
    for (const each of drawn) {
      let sum = 0;
      for (let i = 0; i < each.length; i++) sum += each[random.int(each.length)]!;
      mean += sum / each.length / S;
    }
    return mean;
  };
  const means = Float64Array.from({ length: draws }, () => {
    const drawn = values.map(() => values[random.int(S)]!);
    return sameRows ? overSameRows(drawn) : overOwnRows(drawn);
  }).sort();
  const at = (part: number): number => means[Math.round(part * (draws - 1))]!;
  return [at(0.025), at(0.975)];
}

/** Mean and sample standard deviation (n − 1), which one value does not have. */
export function meanAndSd(values: readonly number[]): { readonly mean: number; readonly sd: number | undefined } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  if (values.length < 2) return { mean, sd: undefined };
  return { mean, sd: Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1)) };
}
