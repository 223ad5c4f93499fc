import { describe, expect, it } from 'vitest';
import { riskCoverage, riskCurve, thresholdForRisk } from './abstention.ts';

// Confidences 0.9 right, 0.8 right, 0.7 wrong, 0.6 right.
const p = Float32Array.from([0.9, 0.1, 0.8, 0.2, 0.3, 0.7, 0.6, 0.4]);
const truth = [0, 0, 0, 0];

describe('riskCoverage', () => {
  it('answers the surest first', () => {
    const curve = riskCoverage(p, truth, 2);
    expect(curve.points.map(({ coverage, risk }) => [coverage, risk])).toEqual([
      [0.25, 0],
      [0.5, 0],
      [0.75, 1 / 3],
      [1, 1 / 4],
    ]);
    expect(curve.area).toBeCloseTo((1 / 3 + 1 / 4) / 4);
  });

  it('rows of equal confidence are answered together', () => {
    const curve = riskCoverage(Float32Array.from([0.8, 0.2, 0.2, 0.8]), [0, 0], 2);
    expect(curve.points).toHaveLength(1);
    expect(curve.points[0]).toMatchObject({ coverage: 1, risk: 0.5 });
    // Whichever of the two stands first.
    expect(curve.area).toBe(riskCoverage(Float32Array.from([0.2, 0.8, 0.8, 0.2]), [0, 0], 2).area);
  });

  it('a drawn curve has few points, and what is asked of it all of them', () => {
    const sure = Float32Array.from({ length: 2000 }, (_, i) => (i < 666 ? [0.9, 0.1] : [0.6, 0.4])[i % 2]!);
    const truth = Array.from({ length: 1000 }, (_, i) => (i < 333 ? 0 : 1));
    expect(thresholdForRisk(riskCurve(sure, truth, 2), 0.1)).toMatchObject({ coverage: 0.333, risk: 0 });
    expect(riskCoverage(sure, truth, 2).points).toHaveLength(2);
    const many = Float32Array.from({ length: 2000 }, (_, i) => (i % 2 ? 0.4 - i / 1e4 : 0.6 + i / 1e4));
    expect(riskCurve(many, truth, 2).points).toHaveLength(1000);
    const drawn = riskCoverage(many, truth, 2).points;
    expect(drawn).toHaveLength(200);
    expect(drawn.at(-1)!.coverage).toBe(1);
  });

  it('finds the threshold with the largest coverage at a bearable risk', () => {
    const curve = riskCurve(p, truth, 2);
    expect(thresholdForRisk(curve, 0.25)!.coverage).toBe(1);
    expect(thresholdForRisk(curve, 0.1)!.threshold).toBeCloseTo(0.8);
    expect(thresholdForRisk(riskCurve(p, [1, 1, 0, 1], 2), 0.1)).toBeUndefined();
  });
});
