/** The figures of one model on one split. */
import { argmax, computeMetrics, type Metrics, negativeLogLikelihood } from './metrics.ts';
import { type PredictOptions, predictSplit } from './predict-split.ts';

export interface Evaluation extends Metrics {
  /** Mean negative log likelihood of the true class. */
  readonly nll: number;
  readonly split: string;
}

/** Evaluates every chosen row; none is dropped. */
export async function evaluateSplit(options: PredictOptions): Promise<Evaluation> {
  const { logits, labels } = await predictSplit(options);
  const K = labels.length;
  const n = logits.length / K;
  const { split, rows } = options;
  const truth = Uint8Array.from({ length: n }, (_, i) => split.labels[rows ? rows[i]! : i]!);
  const predicted = Uint8Array.from({ length: n }, (_, i) => argmax(logits, i * K, K));
  return { ...computeMetrics(truth, predicted, labels), nll: negativeLogLikelihood(logits, truth, K), split: split.name };
}
