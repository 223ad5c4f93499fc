import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { intervalOverSeeds, meanAndSd } from './compare-seeds.ts';

/** n hits and misses of which the first `hits` are hits. */
const hits = (count: number, n: number): number[] => Array.from({ length: n }, (_, i) => Number(i < count));

describe('intervalOverSeeds', () => {
  it('of one seed is about ±1.96 · √(p (1 − p) / n)', () => {
    const [low, high] = intervalOverSeeds([hits(700, 1000)]);
    const half = 1.96 * Math.sqrt((0.7 * 0.3) / 1000);
    expect(low).toBeCloseTo(0.7 - half, 2);
    expect(high).toBeCloseTo(0.7 + half, 2);
  });

  it('is as wide for seeds that agree on every row: more seeds bring no more rows', () => {
    const width = (values: number[][]): number => {
      const [low, high] = intervalOverSeeds(values);
      return high - low;
    };
    const same = [hits(700, 1000), hits(700, 1000), hits(700, 1000)];
    expect(width(same)).toBeCloseTo(width([hits(700, 1000)]), 2);
    const apart = [hits(600, 1000), hits(700, 1000), hits(800, 1000)];
    expect(width(apart)).toBeGreaterThan(1.5 * width(same));
  });

  it('surrounds the mean, and is nothing where there is no chance', () => {
    expect(intervalOverSeeds([hits(5, 5), hits(5, 5)])).toEqual([1, 1]);
    const rows = fc.array(fc.integer({ min: -1, max: 1 }), { minLength: 20, maxLength: 20 });
    fc.assert(
      fc.property(fc.array(rows, { minLength: 1, maxLength: 4 }), (values) => {
        const [low, high] = intervalOverSeeds(values, { draws: 200 });
        const { mean } = meanAndSd(values.flat());
        return low <= mean + 1e-9 && mean <= high + 1e-9;
      }),
      { numRuns: 50 },
    );
  });

  it('draws for each seed of its own where each was asked about other rows: they bring more rows, and may be more or fewer', () => {
    const width = (values: number[][], sameRows: boolean): number => {
      const [low, high] = intervalOverSeeds(values, { sameRows });
      return high - low;
    };
    // Seeds that hit equally often, so that drawing seeds adds nothing: three times the rows, an interval narrower by √3.
    const same = [hits(700, 1000), hits(700, 1000), hits(700, 1000)];
    expect(width(same, true) / width(same, false)).toBeCloseTo(Math.sqrt(3), 0);
    const [low, high] = intervalOverSeeds([hits(70, 100), hits(140, 200)], { sameRows: false });
    expect((low + high) / 2).toBeCloseTo(0.7, 1);
    expect(() => intervalOverSeeds([[1, 0], []], { sameRows: false })).toThrow(/nothing to resample/);
  });

  it('refuses seeds of other rows, and none', () => {
    expect(() => intervalOverSeeds([[1, 0], [1]])).toThrow('intervalOverSeeds: seeds of 2, 1 rows');
    expect(() => intervalOverSeeds([])).toThrow(/nothing to resample/);
  });
});

describe('meanAndSd', () => {
  it('is the sample standard deviation; one value has none', () => {
    expect(meanAndSd([2, 4, 6])).toEqual({ mean: 4, sd: 2 });
    expect(meanAndSd([3])).toEqual({ mean: 3, sd: undefined });
  });
});
