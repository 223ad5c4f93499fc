/** What is gained by answering "not sure": risk against coverage. */
import { argmax } from './metrics.ts';

/** The rows answered when every row below `threshold` is not. */
export interface RiskPoint {
  /** Highest probability a row needs to be answered. */
  readonly threshold: number;
  /** Share of rows answered. */
  readonly coverage: number;
  /** Share of wrong answers among those answered. */
  readonly risk: number;
}

export interface RiskCoverage {
  readonly points: readonly RiskPoint[];
  /** Area under the curve of risk over coverage (Geifman & El-Yaniv 2017); smaller is better. */
  readonly area: number;
}

/** About as many points as a plot can show. */
const drawnPoints = 200;

/**
 * Risk at every coverage there is, the surest rows first: a point for each confidence that occurs, since rows of equal
 * confidence are answered together. probabilities [N,K], truth [N]. In the area, equal rows count as if in random order.
 */
export function riskCurve(p: Float32Array, truth: ArrayLike<number>, classes: number): RiskCoverage {
  const n = truth.length;
  const rows = Array.from({ length: n }, (_, i) => {
    const best = argmax(p, i * classes, classes);
    return { confidence: p[i * classes + best]!, wrong: best === truth[i] ? 0 : 1 };
  }).sort((a, b) => b.confidence - a.confidence);
  const points: RiskPoint[] = [];
  let [answered, wrong, area] = [0, 0, 0];
  while (answered < n) {
    const threshold = rows[answered]!.confidence;
    let [equal, wrongOfEqual] = [0, 0];
    for (; rows[answered + equal]?.confidence === threshold; equal++) wrongOfEqual += rows[answered + equal]!.wrong;
    for (let i = 1; i <= equal; i++) area += (wrong + (wrongOfEqual * i) / equal) / (answered + i) / n;
    answered += equal;
    wrong += wrongOfEqual;
    points.push({ threshold, coverage: answered / n, risk: wrong / answered });
  }
  return { points, area };
}

/** The curve as a plot shows it: at most about 200 of its points, evenly over the coverage, the last always among them. */
export function riskCoverage(p: Float32Array, truth: ArrayLike<number>, classes: number): RiskCoverage {
  const { points, area } = riskCurve(p, truth, classes);
  const step = ({ coverage }: RiskPoint): number => Math.floor(coverage * drawnPoints + 1e-9);
  return { points: points.filter((point, i) => i === points.length - 1 || step(point) > (i === 0 ? 0 : step(points[i - 1]!))), area };
}

/** Of all points of a curve (`riskCurve`), the one with the largest coverage whose answers are wrong in at most this share; undefined where none is. */
export function thresholdForRisk({ points }: RiskCoverage, risk: number): RiskPoint | undefined {
  return points.findLast((point) => point.risk <= risk);
}
