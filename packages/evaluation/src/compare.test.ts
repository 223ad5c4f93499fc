import { describe, expect, it } from 'vitest';
import { bootstrapInterval, comparePaired, macroF1Interval } from './compare.ts';

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
    expect(low).toBeCloseTo(0.3 - 1.96 * Math.sqrt(0.21 / 1000), 1);
    expect(high).toBeCloseTo(0.3 + 1.96 * Math.sqrt(0.21 / 1000), 1);
    expect(bootstrapInterval(1000, figure)).toEqual([low, high]);
  });

  it('holds the macro-F1 of the rows', () => {
    const truth = Array.from({ length: 60 }, (_, i) => i % 3);
    const predicted = truth.map((label, i) => (i % 5 === 0 ? (label + 1) % 3 : label));
    const [low, high] = macroF1Interval(truth, predicted, ['a', 'b', 'c']);
    expect(low).toBeLessThan(0.8);
    expect(high).toBeGreaterThan(0.8);
  });
});
