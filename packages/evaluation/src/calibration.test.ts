import { describe, expect, it } from 'vitest';
import { calibration, fitTemperature, probabilities } from './calibration.ts';

/** Rows of two classes with this probability of class 0, and what is true. */
function rows(entries: readonly [p: number, truth: number][]): { p: Float32Array; truth: number[] } {
  return { p: Float32Array.from(entries.flatMap(([p]) => [p, 1 - p])), truth: entries.map(([, truth]) => truth) };
}

describe('calibration', () => {
  it('is 0 where confidence is the share of hits', () => {
    const { p, truth } = rows(Array.from({ length: 10 }, (_, i) => [0.7, i < 7 ? 0 : 1]));
    expect(calibration(p, truth, 2).ece).toBeCloseTo(0, 6);
  });

  it('weighs the gap of each bin by its rows', () => {
    const { p, truth } = rows([...Array.from({ length: 3 }, () => [0.9, 0] as [number, number]), [0.6, 1]]);
    const { ece, bins } = calibration(p, truth, 2);
    expect(ece).toBeCloseTo((3 * 0.1 + 1 * 0.6) / 4, 5);
    expect(bins.filter((bin) => bin.n > 0).map(({ n, accuracy }) => [n, accuracy])).toEqual([
      [1, 0],
      [3, 1],
    ]);
    expect(bins).toHaveLength(15);
  });

  it('a confidence of exactly 1 belongs to the last bin', () => {
    const { p, truth } = rows([[1, 0]]);
    expect(calibration(p, truth, 2).bins.at(-1)!.n).toBe(1);
  });
});

describe('fitTemperature', () => {
  it('finds the factor by which logits were made too bold', () => {
    // Of every hundred rows with logit difference z, 100·σ(z) are of class 0: calibrated at temperature 1.
    const logits: number[] = [];
    const truth: number[] = [];
    for (const z of [0.2, 0.7, 1.5, 2.5]) {
      for (let i = 0; i < 1000; i++) {
        logits.push(3 * z, 0);
        truth.push(i < 1000 / (1 + Math.exp(-z)) ? 0 : 1);
      }
    }
    const bold = Float32Array.from(logits);
    const temperature = fitTemperature(bold, truth, 2);
    expect(temperature).toBeCloseTo(3, 1);
    expect(calibration(probabilities(bold, 2, temperature), truth, 2).ece).toBeLessThan(0.01);
    expect(calibration(probabilities(bold, 2), truth, 2).ece).toBeGreaterThan(0.05);
  });

  it('refuses to fit on nothing', () => {
    expect(() => fitTemperature(new Float32Array(0), [], 2)).toThrow(/no rows/);
  });
});
