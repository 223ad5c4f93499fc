/** What came out of one training: its best model, measured, kept beside it. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createSession } from '@mien/onnx/node';
import { openStore, type Split } from '@mien/data';
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
  /** What it took them with, in words; results of before do not say. Of a training that moved, where it ended. */
  readonly trainedWith?: string;
  readonly bestEpoch: number;
  /** Epochs after which the training was paused, its schedule being that of all of them; undefined where it is over. */
  readonly pausedAfter?: number;
  /** The rows measured, in words. */
  readonly rows: string;
  readonly n: number;
  readonly accuracy: number;
  readonly macroF1: number;
  readonly nll: number;
  /** Class index of each row, and the one the model named. */
  readonly truth: readonly number[];
  readonly predicted: readonly number[];
  /** Of a fold: the rows' numbers within their split, so that folds can be put together. */
  readonly places?: readonly number[];
}

/** A training whose loss diverged, or that could not be done: a result as well. */
export interface FailedRun {
  readonly row: string;
  readonly seed: number;
  readonly failure: string;
}

export type RunOutcome = RunResult | FailedRun;

export function isFailed(outcome: RunOutcome): outcome is FailedRun {
  return 'failure' in outcome;
}

/** Figures of a training that was paused stand beside those of its end. */
const resultFile = (out: string, pausedAfter?: number): string => join(out, pausedAfter === undefined ? 'result.json' : `result-${pausedAfter}.json`);

function readResult(file: string): RunOutcome | undefined {
  if (!existsSync(file)) return undefined;
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as RunOutcome;
  } catch (cause) {
    throw new UserError('bad-result', `${file}: cannot be read (${(cause as Error).message}); delete it, and the run is measured again`, { cause });
  }
}

/**
 * The outcome kept in a run's folder, of its end or, with `pauseAfter`, of so many epochs; undefined where it did not come so far.
 * What it was at the pause comes first: the end of a training says nothing of what it was compared by then.
 */
export function readOutcome(out: string, pauseAfter?: number): RunOutcome | undefined {
  const paused = pauseAfter === undefined ? undefined : readResult(resultFile(out, pauseAfter));
  return paused ?? readResult(resultFile(out));
}

export function keepOutcome(out: string, outcome: RunOutcome): void {
  // A training that diverged at once leaves no folder behind.
  makeFolder(out);
  writeAtomically(resultFile(out, isFailed(outcome) ? undefined : outcome.pausedAfter), `${JSON.stringify(outcome)}\n`);
}

export interface MeasureOptions {
  readonly recipe: Recipe;
  readonly data: string;
  readonly model: Uint8Array;
  /** For messages. */
  readonly file: string;
  /** Split to measure on, every row; default: the rows kept apart, where there are some, or else those the epoch was chosen on. */
  readonly split: string | undefined;
  readonly threads?: number | undefined;
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

export type Measured = Pick<RunResult, 'rows' | 'n' | 'accuracy' | 'macroF1' | 'nll' | 'truth' | 'predicted' | 'places'>;

/** Measures a model on the rows that a recipe's table is about. */
export async function measureModelOn({ recipe, data, model, file, split: name, threads, onProgress }: MeasureOptions): Promise<Measured> {
  const common = { model, file, createSession, ...(threads ? { threads } : {}), ...(onProgress ? { onProgress } : {}) };
  const { split, rows, words, close } = name === undefined ? await rowsOfRecipe(recipe, data) : await rowsOfSplit(name, data);
  try {
    const { n, accuracy, macroF1, nll, truth, predicted } = await evaluateSplit({ ...common, split, ...(rows ? { rows } : {}) });
    const places = rows && recipe.data.apart ? { places: [...rows] } : {};
    return { rows: words, n, accuracy, macroF1, nll, truth: [...truth], predicted: [...predicted], ...places };
  } finally {
    await close();
  }
}

interface RowsMeasured {
  readonly split: Split;
  /** Undefined: all rows of the split. */
  readonly rows: Uint32Array | undefined;
  readonly words: string;
  close(): Promise<void>;
}

async function rowsOfSplit(name: string, data: string): Promise<RowsMeasured> {
  const store = await openStore(data);
  const close = (): Promise<void> => store.close();
  try {
    return { split: await store.split(name), rows: undefined, words: `split ${name}`, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The rows a recipe keeps apart, or else those it chooses its epoch on. */
async function rowsOfRecipe(recipe: Recipe, data: string): Promise<RowsMeasured> {
  const { train, validation, validationRows, apartRows, close } = await chooseRows(recipe, data);
  const { apart } = recipe.data;
  if (apart) return { split: train, rows: apartRows, words: `fold ${apart.fold + 1} of ${apart.folds} of split ${train.name}, kept apart`, close };
  return { split: validation, rows: validationRows, words: `${describeValidation(recipe)}, on which the epoch was chosen`, close };
}

export interface MeasureRunOptions extends Omit<MeasureOptions, 'model' | 'file'> {
  /** The run's folder. */
  readonly out: string;
}

/** Measures the best model of a training that is over or paused. */
export async function measureRun({ out, ...options }: MeasureRunOptions): Promise<Measured> {
  const file = runFolder(out).model;
  return measureModelOn({ ...options, model: new Uint8Array(readFileSync(file)), file });
}
