/** The rows a training learns from and those its best epoch is chosen on. */
import { openStore, type Split, stratifiedHoldout } from '@mien/data';
import { UserError } from '@mien/runtime';
import type { Recipe } from './recipe-schema.ts';

export interface TrainingRows {
  /** Name of the store. */
  readonly name: string;
  readonly train: Split;
  readonly trainRows: Uint32Array;
  readonly validation: Split;
  readonly validationRows: Uint32Array;
}

function everyRow(count: number): Uint32Array {
  return Uint32Array.from({ length: count }, (_, i) => i);
}

export function describeValidation(recipe: Recipe): string {
  const { train, validation } = recipe.data;
  return 'split' in validation ? `split ${validation.split}` : `${100 * validation.fraction} % of split ${train}, held out`;
}

/** `fraction` of `rows`, of every class alike; chosen by the seed, so that a larger fraction need not hold a smaller one. */
function part(rows: Uint32Array, labels: Uint8Array, fraction: number, seed: number): Uint32Array {
  if (fraction === 1) return rows;
  const chosen = stratifiedHoldout(
    rows.map((row) => labels[row]!),
    fraction,
    `part ${seed}`,
  ).heldOut;
  return chosen.map((i) => rows[i]!);
}

/** A test split that has been learned from, or chosen on, proves nothing any more. */
function refuseLocked(split: Split, use: string): void {
  if (split.locked)
    throw new UserError('locked-split', `split ${split.name} is a locked test split and must not be ${use}; name another in data.train or data.validation`);
}

/** Opens the store and divides its rows. Throws `UserError` for unknown splits and when nothing is left to choose on. */
export async function chooseRows(recipe: Recipe, dir: string): Promise<TrainingRows> {
  const store = await openStore(dir);
  const train = await store.split(recipe.data.train);
  refuseLocked(train, 'trained on');
  const { validation, fraction } = recipe.data;
  const { name } = store.manifest;
  let trainRows = everyRow(train.count);
  let validationSplit = train;
  let validationRows: Uint32Array;
  if ('split' in validation) {
    validationSplit = await store.split(validation.split);
    refuseLocked(validationSplit, 'used to choose the epoch');
    validationRows = everyRow(validationSplit.count);
  } else {
    ({ train: trainRows, heldOut: validationRows } = stratifiedHoldout(train.labels, validation.fraction, recipe.seed));
  }
  if (validationRows.length === 0) throw new UserError('no-validation', `${describeValidation(recipe)} holds no rows to choose the best epoch on`);
  return { name, train, trainRows: part(trainRows, train.labels, fraction, recipe.seed), validation: validationSplit, validationRows };
}
