/** What came out of one training of an ablation: its best model, measured, kept beside it. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createSession } from '@mien/onnx/node';
import { openStore } from '@mien/data';
import { evaluateSplit } from '@mien/evaluation';
import { UserError } from '@mien/runtime';
import type { Recipe } from '../recipe-schema.ts';
import { chooseRows, describeValidation } from '../rows.ts';
import { makeFolder, runFolder, writeAtomically } from '../run-folder.ts';

export interface RunResult {
  readonly row: string;
  readonly seed: number;
  /** Of the training; validation included. */
  readonly seconds: number;
  readonly bestEpoch: number;
  /** The rows measured, in words. */
  readonly rows: string;
  readonly n: number;
  readonly accuracy: number;
  readonly macroF1: number;
  readonly nll: number;
  /** Class index of each row, and the one the model named. */
  readonly truth: readonly number[];
  readonly predicted: readonly number[];
}

/** A training whose loss diverged: a result as well. */
export interface FailedRun {
  readonly row: string;
  readonly seed: number;
  readonly failure: string;
}

export type RunOutcome = RunResult | FailedRun;

export function isFailed(outcome: RunOutcome): outcome is FailedRun {
  return 'failure' in outcome;
}

const resultFile = (out: string): string => join(out, 'result.json');

/** The outcome kept in a run's folder, or undefined where the training is not over. */
export function readOutcome(out: string): RunOutcome | undefined {
  const file = resultFile(out);
  if (!existsSync(file)) return undefined;
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as RunOutcome;
  } catch (cause) {
    throw new UserError('bad-result', `${file}: cannot be read (${(cause as Error).message}); delete it, and the run is measured again`, { cause });
  }
}

export function keepOutcome(out: string, outcome: RunOutcome): void {
  // A training that diverged at once leaves no folder behind.
  makeFolder(out);
  writeAtomically(resultFile(out), `${JSON.stringify(outcome)}\n`);
}

export interface MeasureRunOptions {
  readonly recipe: Recipe;
  readonly data: string;
  /** The run's folder. */
  readonly out: string;
  /** Split to measure on, every row; default: the rows the epoch was chosen on. */
  readonly split: string | undefined;
  readonly threads?: number | undefined;
}

/** Measures the best model of a finished training. */
export async function measureRun({
  recipe,
  data,
  out,
  split: name,
  threads,
}: MeasureRunOptions): Promise<Omit<RunResult, 'row' | 'seed' | 'seconds' | 'bestEpoch'>> {
  const file = runFolder(out).model;
  const common = { model: new Uint8Array(readFileSync(file)), file, createSession, ...(threads ? { threads } : {}) };
  const store = name === undefined ? undefined : await openStore(data);
  try {
    const { validation, validationRows } = store ? { validation: await store.split(name!), validationRows: undefined } : await chooseRows(recipe, data);
    const { n, accuracy, macroF1, nll, truth, predicted } = await evaluateSplit({
      ...common,
      split: validation,
      ...(validationRows ? { rows: validationRows } : {}),
    });
    const rows = name === undefined ? `${describeValidation(recipe)}, on which the epoch was chosen` : `split ${name}`;
    return { rows, n, accuracy, macroF1, nll, truth: [...truth], predicted: [...predicted] };
  } finally {
    await store?.close();
  }
}
