import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { argmax, computeMetrics, negativeLogLikelihood, wilsonInterval } from './metrics.ts';

const labels = ['a', 'b', 'c'];

describe('computeMetrics', () => {
  it('by hand', () => {
    const m = computeMetrics([0, 0, 0, 1, 1, 2], [0, 0, 1, 1, 2, 2], labels);
    expect(m.n).toBe(6);
    expect(m.accuracy).toBeCloseTo(4 / 6);
    expect(m.confusion).toEqual([
      [2, 1, 0],
      [0, 1, 1],
      [0, 0, 1],
    ]);
    expect(m.perClass.a).toEqual({ precision: 1, recall: 2 / 3, f1: 0.8, support: 3 });
    expect(m.perClass.b).toEqual({ precision: 0.5, recall: 0.5, f1: 0.5, support: 2 });
    expect(m.perClass.c!.f1).toBeCloseTo(2 / 3);
    expect(m.macroF1).toBeCloseTo((0.8 + 0.5 + 2 / 3) / 3);
    expect(m.labels).toEqual(labels);
  });

  it('leaves classes without rows out of macro-F1, but counts their false claims elsewhere', () => {
    const m = computeMetrics([0, 0, 1, 1], [0, 2, 1, 1], labels);
    expect(m.perClass.c).toEqual({ precision: 0, recall: 0, f1: 0, support: 0 });
    expect(m.macroF1).toBeCloseTo((2 / 3 + 1) / 2);
  });

  it('a class never predicted has F1 0 and lowers macro-F1', () => {
    const m = computeMetrics([0, 0, 1], [0, 0, 0], labels);
    expect(m.perClass.b).toEqual({ precision: 0, recall: 0, f1: 0, support: 1 });
    expect(m.macroF1).toBeCloseTo(0.4);
  });

  it('no rows at all: zeros and the interval of ignorance, no NaN', () => {
    const m = computeMetrics([], [], labels);
    expect(m).toMatchObject({ n: 0, accuracy: 0, accuracy95: [0, 1], macroF1: 0 });
    expect(JSON.stringify(m)).not.toContain('null');
  });

  it('says how many there are of each when they are not as many', () => {
    expect(() => computeMetrics([0, 1], [0], labels)).toThrow('metrics: 2 true labels but 1 predictions');
  });

  it('rows sum to support, the diagonal to the hits, and every figure lies in 0…1', () => {
    const rows = fc.array(fc.tuple(fc.nat(2), fc.nat(2)), { maxLength: 60 });
    fc.assert(
      fc.property(rows, (pairs) => {
        const m = computeMetrics(
          pairs.map((p) => p[0]),
          pairs.map((p) => p[1]),
          labels,
        );
        for (const [k, label] of labels.entries()) {
          expect(m.confusion[k]!.reduce((a, b) => a + b, 0)).toBe(m.perClass[label]!.support);
          for (const v of Object.values(m.perClass[label]!).slice(0, 3)) expect(v >= 0 && v <= 1).toBe(true);
        }
        const total = m.confusion.flat().reduce((a, b) => a + b, 0);
        expect(total).toBe(pairs.length);
        const hits = labels.reduce((sum, _, k) => sum + m.confusion[k]![k]!, 0);
        expect(m.accuracy).toBeCloseTo(total ? hits / total : 0);
        expect(m.accuracy95[0]).toBeLessThanOrEqual(m.accuracy + 1e-12);
        expect(m.accuracy95[1]).toBeGreaterThanOrEqual(m.accuracy - 1e-12);
        expect(m.macroF1 >= 0 && m.macroF1 <= 1).toBe(true);
      }),
    );
  });

  it('does not depend on the order of rows', () => {
    const rows = fc.array(fc.tuple(fc.nat(2), fc.nat(2)), { maxLength: 30 });
    fc.assert(
      fc.property(rows, (pairs) => {
        const of = (list: [number, number][]) =>
          computeMetrics(
            list.map((p) => p[0]),
            list.map((p) => p[1]),
            labels,
          );
        expect(of(pairs.toReversed())).toEqual(of(pairs));
      }),
    );
  });
});

describe('wilsonInterval', () => {
  // Known values: Newcombe 1998 (81 of 263, 15 of 148, 0 of 20, 1 of 29), table I, method 3.
  it.each([
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
    [29, 29, 0.883, 1],
  ])('%i of %i', (k, n, low, high) => {
    const [l, h] = wilsonInterval(k, n);
    expect(l).toBeCloseTo(low, 4);
    expect(h).toBeCloseTo(high, 4);
  });

  it('mirrors', () => {
    fc.assert(
      fc.property(fc.nat(200), fc.nat(200), (k, more) => {
        const n = k + more;
        const [l, h] = wilsonInterval(k, n);
        const [l2, h2] = wilsonInterval(n - k, n);
        expect(l).toBeCloseTo(1 - h2, 10);
        expect(h).toBeCloseTo(1 - l2, 10);
      }),
    );
  });
});

describe('argmax', () => {
  it('takes the first of equals, within its window', () => {
    expect(argmax([9, 1, 3, 3, 2], 1, 3)).toBe(1);
    expect(argmax([5], 0, 1)).toBe(0);
    expect(argmax([-3, -1, -2], 0, 3)).toBe(1);
  });
});

describe('negativeLogLikelihood', () => {
  it('is −log of the softmax of the true class', () => {
    expect(negativeLogLikelihood(Float32Array.of(0, 0), [1], 2)).toBeCloseTo(Math.log(2));
    expect(negativeLogLikelihood(Float32Array.of(1, 2, 3, 3, 2, 1), [2, 2], 3)).toBeCloseTo(Math.log(1 + Math.exp(-1) + Math.exp(-2)) + 1);
    expect(negativeLogLikelihood(new Float32Array(0), [], 3)).toBe(0);
  });

  it('survives large logits', () => {
    expect(negativeLogLikelihood(Float32Array.of(1000, -1000), [1], 2)).toBeCloseTo(2000);
    expect(negativeLogLikelihood(Float32Array.of(1000, -1000), [0], 2)).toBe(0);
  });
});
