import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { riskCurve, thresholdForRisk } from './abstention.ts';
import { calibration, probabilities } from './calibration.ts';
import { comparePaired } from './compare.ts';
import { argmax, computeMetrics, topAccuracy, wilsonInterval } from './metrics.ts';

const K = 4;
const labels = ['a', 'b', 'c', 'd'];
/** Logits [N,K] and what is true. */
const rows = fc.array(fc.record({ z: fc.array(fc.double({ min: -6, max: 6, noNaN: true }), { minLength: K, maxLength: K }), truth: fc.nat(K - 1) }), {
  minLength: 1,
  maxLength: 40,
});
const flat = (all: { z: number[]; truth: number }[]) => ({ logits: Float32Array.from(all.flatMap(({ z }) => z)), truth: all.map(({ truth }) => truth) });
const predictedOf = (logits: Float32Array): number[] => Array.from({ length: logits.length / K }, (_, i) => argmax(logits, i * K, K));

describe('properties', () => {
  it('accuracy is the share of the diagonal, lies in its interval, and does not depend on the order of rows', () => {
    fc.assert(
      fc.property(rows, (all) => {
        const { logits, truth } = flat(all);
        const metrics = computeMetrics(truth, predictedOf(logits), labels);
        const diagonal = metrics.confusion.reduce((sum, row, k) => sum + row[k]!, 0);
        expect(metrics.accuracy).toBeCloseTo(diagonal / all.length);
        expect(metrics.accuracy95[0]).toBeLessThanOrEqual(metrics.accuracy);
        expect(metrics.accuracy95[1]).toBeGreaterThanOrEqual(metrics.accuracy);
        const turned = flat(all.toReversed());
        expect(computeMetrics(turned.truth, predictedOf(turned.logits), labels)).toEqual(metrics);
      }),
    );
  });

  it('the true class is among the first k more often as k grows, and always among all', () => {
    fc.assert(
      fc.property(rows, (all) => {
        const { logits, truth } = flat(all);
        const shares = [1, 2, 3, 4].map((top) => topAccuracy(logits, truth, K, top));
        expect(shares).toEqual(shares.toSorted((a, b) => a - b));
        expect(shares[3]).toBe(1);
      }),
    );
  });

  it('answering every row errs as often as the model; a threshold keeps its promise on the rows it was found on', () => {
    fc.assert(
      fc.property(rows, fc.double({ min: 0.01, max: 0.9, noNaN: true }), (all, risk) => {
        const { logits, truth } = flat(all);
        const p = probabilities(logits, K);
        const curve = riskCurve(p, truth, K);
        expect(curve.points.at(-1)!.coverage).toBe(1);
        expect(curve.points.at(-1)!.risk).toBeCloseTo(1 - computeMetrics(truth, predictedOf(p), labels).accuracy);
        const point = thresholdForRisk(curve, risk);
        if (!point) return;
        // Counted by hand among the rows it answers.
        const answered = truth.flatMap((k, i) => {
          const [best, highest] = [predictedOf(p)[i]!, Math.max(...p.subarray(i * K, (i + 1) * K))];
          return highest >= point.threshold ? [best === k] : [];
        });
        expect(answered.filter((right) => !right).length / answered.length).toBeLessThanOrEqual(risk);
        expect(answered.length / truth.length).toBeCloseTo(point.coverage);
      }),
    );
  });

  it('the calibration error lies in 0…1, and its bins hold every row', () => {
    fc.assert(
      fc.property(rows, (all) => {
        const { logits, truth } = flat(all);
        const { ece, bins } = calibration(probabilities(logits, K), truth, K);
        expect(ece).toBeGreaterThanOrEqual(0);
        expect(ece).toBeLessThanOrEqual(1);
        expect(bins.reduce((sum, { n }) => sum + n, 0)).toBe(all.length);
      }),
    );
  });

  it('comparing the other way round turns the signs and nothing else', () => {
    const triple = fc.array(fc.tuple(fc.nat(2), fc.nat(2), fc.nat(2)), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(triple, (all) => {
        const [truth, a, b] = [0, 1, 2].map((i) => all.map((row) => row[i]!)) as [number[], number[], number[]];
        const [forth, back] = [comparePaired(truth, a, b), comparePaired(truth, b, a)];
        expect(back.difference).toBeCloseTo(-forth.difference);
        expect([back.onlyFirst, back.onlySecond, back.p]).toEqual([forth.onlySecond, forth.onlyFirst, forth.p]);
        expect(forth.p).toBeLessThanOrEqual(1);
      }),
      { numRuns: 30 },
    );
  });

  it('more rows make the interval narrower', () => {
    fc.assert(
      fc.property(fc.nat(20), fc.integer({ min: 20, max: 50 }), (k, n) => {
        const width = ([low, high]: readonly [number, number]): number => high - low;
        expect(width(wilsonInterval(10 * k, 10 * n))).toBeLessThan(width(wilsonInterval(k, n)));
      }),
    );
  });
});
