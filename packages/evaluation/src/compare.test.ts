import { describe, expect, it } from 'vitest';
import { randomFor } from '@mien/data';
import { calibration } from './calibration.ts';
import { bootstrapInterval, calibrationInterval, comparePaired, macroF1Interval, meanInterval } from './compare.ts';
import { computeMetrics } from './metrics.ts';

describe('comparePaired', () => {
  it('counts the rows only one gets right; the exact test of 1 against 6', () => {
    const truth = new Array<number>(20).fill(0);
    const first = truth.map((_, i) => (i === 0 ? 1 : 0));
    const second = truth.map((_, i) => (i >= 1 && i <= 6 ? 1 : 0));
    const result = comparePaired(truth, first, second);
    expect(result).toMatchObject({ n: 20, onlyFirst: 6, onlySecond: 1 });
    expect(result.difference).toBeCloseTo(0.25);
    // 2 · (C(7,0) + C(7,1)) / 2⁷
    expect(result.p).toBeCloseTo(0.125, 10);
    expect(result.difference95[0]).toBeLessThan(0.25);
    expect(result.difference95[1]).toBeGreaterThan(0.25);
  });

  it('says nothing of equal models', () => {
    expect(comparePaired([0, 1], [0, 0], [0, 0])).toMatchObject({ difference: 0, p: 1, difference95: [0, 0] });
  });

  it('does not lose small chances among thousands of rows', () => {
    const truth = new Array<number>(3000).fill(0);
    const worse = truth.map((_, i) => (i < 600 ? 1 : 0));
    const { p } = comparePaired(truth, truth, worse);
    expect(p).toBeGreaterThan(0);
    expect(Math.log2(p)).toBeCloseTo(-599, 0);
  });
});

describe('bootstrapInterval', () => {
  it('of a share is close to what the normal approximation gives, and the same at every call', () => {
    const figure = (rows: Uint32Array): number => rows.reduce((sum, row) => sum + (row < 300 ? 1 : 0), 0) / 1000;
    const [low, high] = bootstrapInterval(1000, figure);
    // Half of it is 0.0284; 1,000 draws find each end to about 0.001.
    expect(Math.abs(low - (0.3 - 1.96 * Math.sqrt(0.21 / 1000)))).toBeLessThan(0.004);
    expect(Math.abs(high - (0.3 + 1.96 * Math.sqrt(0.21 / 1000)))).toBeLessThan(0.004);
    expect(bootstrapInterval(1000, figure)).toEqual([low, high]);
  });

  it('holds the macro-F1 of the rows', () => {
    const truth = Array.from({ length: 60 }, (_, i) => i % 3);
    const predicted = truth.map((label, i) => (i % 5 === 0 ? (label + 1) % 3 : label));
    const [low, high] = macroF1Interval(truth, predicted, ['a', 'b', 'c']);
    expect(low).toBeLessThan(0.8);
    expect(high).toBeGreaterThan(0.8);
    // As from the whole figures of every draw.
    const slow = bootstrapInterval(60, (rows) => {
      const pick = (of: readonly number[]): number[] => Array.from(rows, (row) => of[row]!);
      return computeMetrics(pick(truth), pick(predicted), ['a', 'b', 'c']).macroF1;
    });
    expect(low).toBeCloseTo(slow[0], 12);
    expect(high).toBeCloseTo(slow[1], 12);
  });

  it('of a mean and of the calibration error holds what it is of', () => {
    const random = randomFor(7, 'rows');
    const p = Float32Array.from({ length: 800 }, (_, i) => (i % 2 ? 0 : 0.5 + random.next() / 2));
    for (let i = 0; i < 400; i++) p[2 * i + 1] = 1 - p[2 * i]!;
    // Says 0.75 on average and is right in every row: an error of 0.25.
    const truth = new Uint8Array(400);
    const { ece } = calibration(p, truth, 2);
    const [low, high] = calibrationInterval(p, truth, 2);
    expect([low < ece, high > ece, high - low < 0.04]).toEqual([true, true, true]);
    expect(calibrationInterval(p, truth, 2)).toEqual([low, high]);
    const [from, to] = meanInterval(Array.from({ length: 400 }, (_, i) => i % 2));
    expect(Math.abs(from - (0.5 - 1.96 * 0.025))).toBeLessThan(0.006);
    expect(Math.abs(to - (0.5 + 1.96 * 0.025))).toBeLessThan(0.006);
  });
});
