/**
 * Out-of-fold probabilities: the training split in k parts, k trainings that each leave one part out, and what each says of the part it
 * has not seen. Wrong labels show in them (Northcutt et al. 2021), for no model has learnt the label it is asked about.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createSession } from '@mien/onnx/node';
import { UserError } from '@mien/runtime';
import type { TrainEvent } from '../events.ts';
import type { Recipe } from '../recipe-schema.ts';
import { chooseRows, type TrainingRows } from '../rows.ts';
import { isRunFolder, makeFolder, runFolder, writeAtomically } from '../run-folder.ts';
import { train } from '../train.ts';
import { judgeRows } from './judge-rows.ts';

export interface OutOfFoldOptions {
  readonly recipe: Recipe;
  readonly data: string;
  readonly folds: number;
  /** Folder of the trainings and of `confidence.csv`; one that was begun is gone on with. */
  readonly out: string;
  readonly threads?: number | undefined;
  /** Fold counts from 0. */
  readonly onEvent?: (event: TrainEvent, fold: number) => void;
  readonly onJudged?: (done: number, total: number, fold: number) => void;
  /** Aborting ends after the step in progress, with a checkpoint. */
  readonly signal?: AbortSignal;
}

/** The training that leaves out one fold. Throws `UserError` for a recipe that divides its rows otherwise. */
export function foldRecipe(recipe: Recipe, fold: number, folds: number): Recipe {
  const { labelled, unlabelled } = recipe.data;
  if (labelled !== undefined || unlabelled !== undefined)
    throw new UserError('bad-recipe', `recipe ${recipe.name}: folds are of rows whose labels are known; leave data.labelled and data.unlabelled out`);
  return { ...recipe, data: { ...recipe.data, validation: { fold, folds } } };
}

/** Trains every fold and writes the csv that `mien data check --confidence` reads; its path, or undefined where it was stopped before. */
export async function outOfFold(options: OutOfFoldOptions): Promise<string | undefined> {
  const { recipe, data, folds, out, threads, signal, onEvent, onJudged } = options;
  makeFolder(out);
  const lines: string[] = [];
  for (let fold = 0; fold < folds; fold++) {
    const each = foldRecipe(recipe, fold, folds);
    const run = join(out, `fold-${fold}`);
    const finished = await train({
      recipe: each,
      data,
      out: run,
      threads,
      resume: isRunFolder(run),
      ...(signal ? { signal } : {}),
      onEvent: (event) => onEvent?.(event, fold),
    });
    if (!finished) return undefined;
    const rows = await chooseRows(each, data);
    try {
      if (fold === 0) lines.push(['source', 'split', 'row', ...rows.validation.labelNames].map(quote).join(','));
      const file = runFolder(run).model;
      const p = await judgeRows({
        models: [{ bytes: new Uint8Array(readFileSync(file)), file }],
        createSession,
        split: rows.validation,
        rows: rows.validationRows,
        flip: true,
        threads,
        onProgress: (done, total) => onJudged?.(done, total, fold),
      });
      lines.push(...(await linesOf(rows, p)));
    } finally {
      await rows.close();
    }
  }
  const csv = join(out, 'confidence.csv');
  writeAtomically(csv, `${lines.join('\n')}\n`);
  return csv;
}

async function linesOf({ validation, validationRows, sources }: TrainingRows, p: Float32Array): Promise<string[]> {
  const { source, row } = await validation.readProvenance();
  const K = validation.labelNames.length;
  return Array.from(validationRows, (at, i) => {
    const { name, split } = sources[source[at]!]!;
    return [quote(name), quote(split), row[at], ...Array.from(p.subarray(i * K, (i + 1) * K), (v) => v.toFixed(5))].join(',');
  });
}

function quote(field: string): string {
  return /[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
}
