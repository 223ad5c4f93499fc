import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { partition, stratifiedFolds } from './partition.ts';

describe('partition', () => {
  it('divides every class in the shares asked for, to the nearest row', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(6), { maxLength: 400 }), fc.integer(), (labels, seed) => {
        const shares = [0.8, 0.1, 0.1];
        const parts = partition(labels, shares, seed);
        for (let label = 0; label < 7; label++) {
          const rows = [...labels.keys()].filter((row) => labels[row] === label);
          for (const [part, share] of shares.entries())
            expect(Math.abs(rows.filter((row) => parts[row] === part).length - share * rows.length)).toBeLessThanOrEqual(1);
        }
      }),
    );
  });

  it('keeps all rows of a person together, and comes near to the shares', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 20, max: 60 }), (seed, people) => {
        // Half of the people show one expression only, the others all of them.
        const labels = Array.from({ length: people * 8 }, (_, row) => (Math.floor(row / 8) % 2 ? Math.floor(row / 8) : row) % 7);
        const subjects = labels.map((_, row) => 1 + Math.floor(row / 8));
        const parts = partition(labels, [0.8, 0.1, 0.1], seed, subjects);
        for (let person = 1; person <= people; person++) expect(new Set(parts.filter((_, row) => subjects[row] === person)).size).toBe(1);
        const share = (part: number) => parts.filter((each) => each === part).length / parts.length;
        expect(share(0)).toBeGreaterThan(0.7);
        expect(share(0)).toBeLessThan(0.9);
        expect(share(1)).toBeGreaterThan(0);
        expect(share(2)).toBeGreaterThan(0);
      }),
      { numRuns: 40 },
    );
  });

  it('makes folds of equal size that hold every row once', () => {
    const labels = Array.from({ length: 1003 }, (_, row) => row % 7);
    const folds = stratifiedFolds(labels, 5, 1);
    const sizes = [0, 1, 2, 3, 4].map((fold) => folds.filter((each) => each === fold).length);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(1003);
    expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(7);
    expect(stratifiedFolds(labels, 5, 1)).toEqual(folds);
    expect(stratifiedFolds(labels, 5, 2)).not.toEqual(folds);
    expect(() => stratifiedFolds(labels, 1, 1)).toThrow(RangeError);
    expect(() => partition(labels, [0.5, 0.4], 1)).toThrow(/sum to 1/);
  });
});
