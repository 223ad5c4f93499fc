/** What is gained by answering "not sure": risk against coverage. */

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

/** Risk at every coverage, the surest rows first. probabilities [N,K], truth [N]. `points` are thinned to at most 200. */
export function riskCoverage(p: Float32Array, truth: ArrayLike<number>, classes: number): RiskCoverage {
  const n = truth.length;
  const rows = Array.from({ length: n }, (_, i) => {
    let best = 0;
    for (let k = 1; k < classes; k++) if (p[i * classes + k]! > p[i * classes + best]!) best = k;
    return { confidence: p[i * classes + best]!, wrong: best === truth[i] ? 0 : 1 };
  }).sort((a, b) => b.confidence - a.confidence);
  const points: RiskPoint[] = [];
  let wrong = 0;
  let area = 0;
  const every = Math.max(1, Math.ceil(n / 200));
  for (const [i, row] of rows.entries()) {
    wrong += row.wrong;
    const risk = wrong / (i + 1);
    area += risk / n;
    // Rows of equal confidence are answered together.
    const isLast = rows[i + 1]?.confidence !== row.confidence;
    if (isLast && ((i + 1) % every === 0 || i === n - 1)) points.push({ threshold: row.confidence, coverage: (i + 1) / n, risk });
  }
  return { points, area };
}

/** The lowest threshold at which at most `risk` of the answers are wrong, with the largest coverage; undefined where none is. */
export function thresholdForRisk(curve: RiskCoverage, risk: number): RiskPoint | undefined {
  return curve.points.findLast((point) => point.risk <= risk);
}
