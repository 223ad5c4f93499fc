/** Accuracy, its interval, per-class figures and the confusion matrix. */

export interface ClassFigures {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  /** Rows whose true label this is. */
  readonly support: number;
}

export interface Metrics {
  readonly n: number;
  readonly accuracy: number;
  /** Wilson score interval of the accuracy, 95 %. */
  readonly accuracy95: readonly [number, number];
  /** Mean F1 over the classes with support. */
  readonly macroF1: number;
  readonly perClass: Readonly<Record<string, ClassFigures>>;
  /** `confusion[true][predicted]`, in the order of `labels`. */
  readonly confusion: readonly (readonly number[])[];
  readonly labels: readonly string[];
}

/** Wilson's score interval for k of n (Wilson 1927): [low, high] in 0…1; [0, 1] for n = 0. z = 1.96 for 95 %. */
export function wilsonInterval(k: number, n: number, z = 1.959963984540054): [number, number] {
  if (n === 0) return [0, 1];
  const p = k / n;
  const spread = 1 + (z * z) / n;
  const centre = (p + (z * z) / (2 * n)) / spread;
  const half = (z / spread) * Math.sqrt((p * (1 - p)) / n + (z * z) / (4 * n * n));
  // Exact at the ends, where rounding would leave 1e-17.
  return [k === 0 ? 0 : Math.max(0, centre - half), k === n ? 1 : Math.min(1, centre + half)];
}

/** Index of the largest of K values starting at `from`; of equals, the first. */
export function argmax(values: ArrayLike<number>, from: number, count: number): number {
  let best = 0;
  for (let k = 1; k < count; k++) if (values[from + k]! > values[from + best]!) best = k;
  return best;
}

/** Figures of predicted class indices [N] against true ones [N]. A class never predicted has precision 0. */
export function computeMetrics(truth: ArrayLike<number>, predicted: ArrayLike<number>, labels: readonly string[]): Metrics {
  const K = labels.length;
  const n = truth.length;
  if (predicted.length !== n) throw new RangeError(`metrics: ${n} true labels but ${predicted.length} predictions`);
  const confusion = Array.from({ length: K }, () => new Array<number>(K).fill(0));
  for (let i = 0; i < n; i++) confusion[truth[i]!]![predicted[i]!]!++;
  const perClass: Record<string, ClassFigures> = {};
  let correct = 0;
  let f1Sum = 0;
  let present = 0;
  for (const [k, label] of labels.entries()) {
    const hits = confusion[k]![k]!;
    const support = confusion[k]!.reduce((a, b) => a + b, 0);
    const claimed = confusion.reduce((sum, row) => sum + row[k]!, 0);
    const precision = claimed ? hits / claimed : 0;
    const recall = support ? hits / support : 0;
    const f1 = precision + recall ? (2 * precision * recall) / (precision + recall) : 0;
    perClass[label] = { precision, recall, f1, support };
    correct += hits;
    if (support) {
      f1Sum += f1;
      present++;
    }
  }
  return {
    n,
    accuracy: n ? correct / n : 0,
    accuracy95: wilsonInterval(correct, n),
    macroF1: present ? f1Sum / present : 0,
    perClass,
    confusion,
    labels,
  };
}

/** Negative log likelihood of the true class of each row, natural log: logits [N,K] → [N]. */
export function negativeLogLikelihoods(logits: Float32Array, truth: ArrayLike<number>, classes: number): Float64Array {
  return Float64Array.from(truth, (k, i) => {
    let top = Number.NEGATIVE_INFINITY;
    for (let j = 0; j < classes; j++) top = Math.max(top, logits[i * classes + j]!);
    let total = 0;
    for (let j = 0; j < classes; j++) total += Math.exp(logits[i * classes + j]! - top);
    return Math.log(total) + top - logits[i * classes + k]!;
  });
}

/** Their mean; 0 without rows. */
export function negativeLogLikelihood(logits: Float32Array, truth: ArrayLike<number>, classes: number): number {
  return negativeLogLikelihoods(logits, truth, classes).reduce((sum, value) => sum + value, 0) / Math.max(1, truth.length);
}

/** Share of rows whose true class is among the `top` highest logits [N,K]; of equals, the first counts as higher. */
export function topAccuracy(logits: Float32Array, truth: ArrayLike<number>, classes: number, top: number): number {
  let hits = 0;
  for (let i = 0; i < truth.length; i++) {
    const own = logits[i * classes + truth[i]!]!;
    let above = 0;
    for (let k = 0; k < classes; k++) {
      const other = logits[i * classes + k]!;
      if (other > own || (other === own && k < truth[i]!)) above++;
    }
    if (above < top) hits++;
  }
  return truth.length ? hits / truth.length : 0;
}
