/** Validation: weights in the form they are shipped in, asked about rows the epoch is chosen on. */
import type { Weights } from '@mien/engine';
import { evaluateSplit, type Evaluation } from '@mien/evaluation';
import { createSession } from '@mien/onnx/node';
import { type ExportContext, exportModel } from './export-model.ts';
import type { Training } from './open-training.ts';

/** What the card of a model says of its training after so many epochs, without figures. */
export function exportContextOf({ recipe, plan, rows, init, teachers, judges }: Training, epochs: number): ExportContext {
  return {
    recipe,
    plan,
    labels: rows.train.labelNames,
    dataName: rows.name,
    rows: rows.trainRows.length,
    epochs,
    figures: [],
    learnt: rows.learnt,
    chosen: rows.chosen,
    align: rows.train.isLevel ? 'eyes-level' : recipe.align,
    teachers: teachers?.origins ?? [],
    judges: judges.map(({ origin }) => origin),
    startedFrom: init?.origin,
  };
}

export interface EvaluateWeightsOptions {
  readonly context: ExportContext;
  /** For messages. */
  readonly file: string;
  /** Of the validation split; default: all that the epoch is chosen on. */
  readonly rows?: Uint32Array;
  readonly onProgress?: (done: number, total: number) => void;
}

/** Runs the exported form of the weights on rows of the validation split. */
export function evaluateWeights(training: Training, weights: Weights, options: EvaluateWeightsOptions): Promise<Evaluation> {
  const { validation, validationRows } = training.rows;
  const { context, file, rows = validationRows, onProgress } = options;
  const { threads } = training;
  return evaluateSplit({
    model: exportModel(weights, context),
    file,
    createSession,
    split: validation,
    rows,
    ...(threads ? { threads } : {}),
    ...(onProgress ? { onProgress } : {}),
  });
}
