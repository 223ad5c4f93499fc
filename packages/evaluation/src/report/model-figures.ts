/** The figures of one evaluation with their intervals. */
import { calibration, probabilities } from '../calibration.ts';
import { calibrationInterval, macroF1Interval, meanInterval } from '../compare.ts';
import { type Evaluation, pickRows } from '../evaluate.ts';
import { negativeLogLikelihoods, wilsonInterval } from '../metrics.ts';
import type { ModelFigures } from './report.ts';

interface FiguresOptions {
  /** As the user named the model, and its file. */
  readonly name: string;
  readonly model: string;
  readonly evaluation: Evaluation;
  /** Rows within the split that the temperature was fitted on. */
  readonly fitted: Uint32Array;
  readonly seed: number;
}

/** Intervals of 95 %, by bootstrap over rows and, of shares, Wilson's. */
export function modelFigures({ name, model, evaluation, fitted, seed }: FiguresOptions): ModelFigures {
  const { truth, predicted, labels, logits, temperature, top2, n, rows } = evaluation;
  const K = labels.length;
  const scaled = logits.map((z) => z / temperature);
  const p = probabilities(scaled, K);
  const wasFitted = new Set(fitted);
  const others = Uint32Array.from(rows.keys()).filter((i) => !wasFitted.has(rows[i]!));
  const isPart = others.length > 0 && others.length < n;
  return {
    name,
    model,
    evaluation,
    macroF1Interval95: macroF1Interval(truth, predicted, labels, seed),
    nllInterval95: meanInterval(negativeLogLikelihoods(scaled, truth, K), seed),
    eceInterval95: calibrationInterval(p, truth, K, seed),
    top2Interval95: wilsonInterval(Math.round(top2 * n), n),
    ...(isPart
      ? {
          unfitted: unfittedFigures(
            pickRows(p, others, K),
            Uint8Array.from(others, (i) => truth[i]!),
            K,
            seed,
          ),
        }
      : {}),
  };
}

function unfittedFigures(p: Float32Array, truth: Uint8Array, classes: number, seed: number): NonNullable<ModelFigures['unfitted']> {
  return { n: truth.length, ece: calibration(p, truth, classes).ece, eceInterval95: calibrationInterval(p, truth, classes, seed) };
}
