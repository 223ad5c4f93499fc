/** Whether a probability means what it says: calibration error, reliability, and the temperature that mends it. */
import { argmax, negativeLogLikelihood } from './metrics.ts';

/** One bin of a reliability diagram: rows whose highest probability lies in (low, high]. */
export interface ReliabilityBin {
  readonly low: number;
  readonly high: number;
  readonly n: number;
  /** Mean highest probability, and share of rows that were right; 0 where the bin is empty. */
  readonly confidence: number;
  readonly accuracy: number;
}

export interface Calibration {
  /** Expected calibration error (Naeini et al. 2015): Σ n_b / n · |accuracy_b − confidence_b|. */
  readonly ece: number;
  readonly bins: readonly ReliabilityBin[];
}

/** softmax(z / temperature) of every row: logits [N,K] → [N,K]. */
export function probabilities(logits: Float32Array, classes: number, temperature = 1): Float32Array {
  const p = new Float32Array(logits.length);
  for (let at = 0; at < logits.length; at += classes) {
    let top = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < classes; k++) top = Math.max(top, logits[at + k]!);
    let total = 0;
    for (let k = 0; k < classes; k++) total += Math.exp((logits[at + k]! - top) / temperature);
    for (let k = 0; k < classes; k++) p[at + k] = Math.exp((logits[at + k]! - top) / temperature) / total;
  }
  return p;
}

/** The bin (low, high] a probability falls into, of so many equally wide ones. */
export function calibrationBin(confidence: number, bins: number): number {
  return Math.min(bins - 1, Math.max(0, Math.ceil(confidence * bins) - 1));
}

/** Calibration of the winning class over equally wide bins. probabilities [N,K], truth [N]; 15 bins are the custom (Guo et al. 2017). */
export function calibration(p: Float32Array, truth: ArrayLike<number>, classes: number, bins = 15): Calibration {
  const sums = Array.from({ length: bins }, () => ({ n: 0, confidence: 0, correct: 0 }));
  for (let i = 0; i < truth.length; i++) {
    const best = argmax(p, i * classes, classes);
    const confidence = p[i * classes + best]!;
    const bin = sums[calibrationBin(confidence, bins)]!;
    bin.n++;
    bin.confidence += confidence;
    if (best === truth[i]) bin.correct++;
  }
  const ece = sums.reduce((sum, bin) => sum + Math.abs(bin.correct - bin.confidence), 0) / Math.max(1, truth.length);
  return {
    ece,
    bins: sums.map(({ n, confidence, correct }, b) => ({
      low: b / bins,
      high: (b + 1) / bins,
      n,
      confidence: n ? confidence / n : 0,
      accuracy: n ? correct / n : 0,
    })),
  };
}

const goldenRatio = (Math.sqrt(5) - 1) / 2;

/**
 * The temperature T that minimises the negative log likelihood of softmax(z / T) (Guo et al. 2017, section 4.2), found by
 * golden-section search over ln T in ±ln 10. Fit it on rows that are not evaluated.
 */
export function fitTemperature(logits: Float32Array, truth: ArrayLike<number>, classes: number): number {
  if (truth.length === 0) throw new RangeError('fitTemperature: there are no rows to fit on');
  const lossAt = (logT: number): number => {
    const scale = Math.exp(-logT);
    return negativeLogLikelihood(
      logits.map((z) => z * scale),
      truth,
      classes,
    );
  };
  let [low, high] = [-Math.LN10, Math.LN10];
  let [a, b] = [high - goldenRatio * (high - low), low + goldenRatio * (high - low)];
  let [lossA, lossB] = [lossAt(a), lossAt(b)];
  while (high - low > 1e-4) {
    if (lossA < lossB) {
      [high, b, lossB] = [b, a, lossA];
      a = high - goldenRatio * (high - low);
      lossA = lossAt(a);
    } else {
      [low, a, lossA] = [a, b, lossB];
      b = low + goldenRatio * (high - low);
      lossB = lossAt(b);
    }
  }
  return Math.exp((low + high) / 2);
}
