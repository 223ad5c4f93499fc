/** The rows a training learns from and those its best epoch is chosen on. */
import { noLabel, openStore, type RowSet, rowSetsOf, type Split, type Store, type StoreSource, stratifiedFolds, stratifiedHoldout } from '@mien/data';
import { UserError } from '@mien/runtime';
import { applyChanges } from './changed-rows.ts';
import type { Recipe } from './recipe-schema.ts';

export interface TrainingRows {
  /** Name of the store. */
  readonly name: string;
  /** Where its rows came from; `train.readProvenance()` counts in them. */
  readonly sources: readonly StoreSource[];
  /** All rows there are to learn from. The label of a row that is not to be read is `hiddenLabel`. */
  readonly train: Split;
  /** Rows learnt by their labels. */
  readonly trainRows: Uint32Array;
  /** Rows of `train` that may be learnt from without their labels; only stages that do so read them. */
  readonly unlabelledRows: Uint32Array;
  readonly validation: Split;
  readonly validationRows: Uint32Array;
  /** Rows of `train` that nothing is learnt from or chosen on, of `data.apart`; none without it. */
  readonly apartRows: Uint32Array;
  /** The rows that are learnt from, with or without their labels, and those the epoch is chosen on, for the card. */
  readonly learnt: readonly RowSet[];
  readonly chosen: readonly RowSet[];
  /** Checksums of the csv files of `data.changes`. */
  readonly changes: readonly string[];
  /** Lets go of the store; images cannot be read afterwards. */
  close(): Promise<void>;
}

/** Stands in place of a label that must not be read, as where there is none: no class, so that whatever reads it all the same shows. */
export const hiddenLabel = noLabel;

function everyRow(count: number): Uint32Array {
  return Uint32Array.from({ length: count }, (_, i) => i);
}

/** Rows that have a label, and those that came without. */
function sortByLabel({ labels, count }: Split): { labelled: Uint32Array; without: Uint32Array } {
  const rows = everyRow(count);
  return { labelled: rows.filter((row) => labels[row] !== noLabel), without: rows.filter((row) => labels[row] === noLabel) };
}

export function describeValidation(recipe: Recipe): string {
  const { train, validation, labelled } = recipe.data;
  if ('split' in validation) return `split ${validation.split}`;
  if ('fold' in validation) return `fold ${validation.fold} of ${validation.folds} of split ${train}, held out`;
  return `${100 * validation.fraction} % of ${labelled ? 'the labelled rows of ' : ''}split ${train}, held out`;
}

/** `fraction` of `rows`, of every class alike, and the others; chosen by the seed, so that a larger fraction need not hold a smaller one. */
function divide(
  rows: Uint32Array,
  labels: Uint8Array,
  fraction: number,
  seed: string | number,
  subjects?: Uint32Array,
): { chosen: Uint32Array; others: Uint32Array } {
  const { heldOut, train } = stratifiedHoldout(
    rows.map((row) => labels[row]!),
    fraction,
    seed,
    subjects && rows.map((row) => subjects[row]!),
  );
  return { chosen: heldOut.map((i) => rows[i]!), others: train.map((i) => rows[i]!) };
}

/** Numbers, in the whole store, of the people whose faces the rows show. */
function peopleOf(rows: Uint32Array, subjects: Uint32Array | undefined): Set<number> {
  return new Set(rows.map((row) => subjects?.[row] ?? 0).filter((subject) => subject > 0));
}

/** Nothing is learnt of a person who is measured on, not even without the labels. */
function withoutPeopleOf(measured: Uint32Array, subjects: Uint32Array | undefined): (row: number) => boolean {
  const people = peopleOf(measured, subjects);
  return (row) => !people.has(subjects?.[row] ?? 0);
}

/** A test split that has been learned from, or chosen on, proves nothing any more. */
function refuseLocked(split: Split, use: string): void {
  if (split.locked)
    throw new UserError('locked-split', `split ${split.name} is a locked test split and must not be ${use}; name another one in data.train or data.validation`);
}

interface Chosen {
  readonly trainRows: Uint32Array;
  readonly unlabelledRows: Uint32Array;
  readonly heldOut: Uint32Array | undefined;
  /** Of `unlabelledRows`, those that came without a label rather than having it hidden. */
  readonly bareRows?: Uint32Array;
  readonly apartRows?: Uint32Array;
}

/** The labelled rows of one of `folds` parts, and of the others; faces of one person keep together. Throws `UserError` for a part that is not there. */
async function divideFold(
  train: Split,
  { fold, folds }: { fold: number; folds: number },
  seed: number,
  field: string,
): Promise<{ of: Uint32Array; others: Uint32Array; without: Uint32Array }> {
  if (fold >= folds) throw new UserError('bad-recipe', `${field}.fold ${fold}: folds are counted from 0, so the last of ${folds} is ${folds - 1}`);
  const { labelled, without } = sortByLabel(train);
  const subjects = (await train.readSubjects())?.subject;
  const part = stratifiedFolds(
    labelled.map((row) => train.labels[row]!),
    folds,
    `folds ${seed}`,
    subjects && labelled.map((row) => subjects[row]!),
  );
  const of = labelled.filter((_, i) => part[i] === fold);
  return { of, others: labelled.filter((_, i) => part[i] !== fold), without: without.filter(withoutPeopleOf(of, subjects)) };
}

/** Divides the rows that `apart` leaves: those it names are neither learnt nor chosen on. */
async function chooseAround(apart: { fold: number; folds: number }, { data, seed }: Recipe, train: Split): Promise<Chosen> {
  const { validation, fraction, labelled, unlabelled } = data;
  if (labelled !== undefined || unlabelled !== undefined || 'fold' in validation)
    throw new UserError('bad-recipe', 'data.apart: goes with data.validation.split or .fraction, and not with data.labelled or data.unlabelled');
  const { of, others } = await divideFold(train, apart, seed, 'data.apart');
  if (of.length === 0)
    throw new UserError('empty-fold', `data.apart: fold ${apart.fold} of ${apart.folds} of split ${train.name} holds no rows; give fewer folds`);
  const { labels } = train;
  const part = (rows: Uint32Array): Uint32Array => (fraction === 1 ? rows : divide(rows, labels, fraction, `part ${seed}`).chosen);
  const none = new Uint32Array(0);
  if ('split' in validation) return { trainRows: part(others), unlabelledRows: none, heldOut: undefined, apartRows: of };
  const chosen = divide(others, labels, validation.fraction, seed, (await train.readSubjects())?.subject);
  return { trainRows: part(chosen.others), unlabelledRows: none, heldOut: chosen.chosen, apartRows: of };
}

/** Divides the rows of the training split by its labels, all of which this one place may read. */
async function chooseTrainRows(recipe: Recipe, train: Split): Promise<Chosen> {
  const { data, seed } = recipe;
  const { validation, fraction, labelled, apart } = data;
  const { labels } = train;
  if (apart) return chooseAround(apart, recipe, train);
  const { labelled: known, without } = sortByLabel(train);
  const subjects = (await train.readSubjects())?.subject;
  const part = (rows: Uint32Array): Uint32Array => (fraction === 1 ? rows : divide(rows, labels, fraction, `part ${seed}`).chosen);
  if (labelled !== undefined) {
    const { chosen, others: hidden } = divide(part(known), labels, labelled, `labelled ${seed}`);
    const others = Uint32Array.from([...hidden, ...without]).sort();
    if ('split' in validation) return { trainRows: chosen, unlabelledRows: others, heldOut: undefined, bareRows: without };
    if ('fold' in validation)
      throw new UserError('bad-recipe', 'data.labelled: rows of a fold cannot be held out of it; set data.validation.fraction, or a split');
    const { chosen: heldOut, others: trainRows } = divide(chosen, labels, validation.fraction, seed, subjects);
    const apart = withoutPeopleOf(heldOut, subjects);
    return { trainRows, unlabelledRows: others.filter(apart), heldOut, bareRows: without.filter(apart) };
  }
  if ('split' in validation) return { trainRows: part(known), unlabelledRows: without, heldOut: undefined, bareRows: without };
  if ('fold' in validation) {
    const { of, others, without: bare } = await divideFold(train, validation, seed, 'data.validation');
    return { trainRows: part(others), unlabelledRows: bare, heldOut: of, bareRows: bare };
  }
  const { chosen: heldOut, others: trainRows } = divide(known, labels, validation.fraction, seed, subjects);
  const bare = without.filter(withoutPeopleOf(heldOut, subjects));
  return { trainRows: part(trainRows), unlabelledRows: bare, heldOut, bareRows: bare };
}

/** The split with every label hidden but those of `rows`. */
function hideOthers(split: Split, rows: readonly Uint32Array[]): Split {
  const labels = new Uint8Array(split.count).fill(hiddenLabel);
  for (const some of rows) for (const row of some) labels[row] = split.labels[row]!;
  return split.withLabels(labels);
}

/** Training rows and those of a split without labels, as rows of one split that spans the store. `validation`: the split the epoch is chosen on, where it is one of its own. */
async function joinUnlabelled(
  store: Store,
  train: Split,
  validation: Split | undefined,
  chosen: Chosen,
  name: string,
  files: readonly string[],
): Promise<{ train: Split; chosen: Chosen }> {
  const extra = await store.split(name);
  refuseLocked(extra, 'learnt from');
  if (extra.name === train.name)
    throw new UserError('bad-recipe', `data.unlabelled: ${name} is the split that is trained on; name another one, or set data.labelled`);
  if (extra.name === validation?.name) throw new UserError('bad-recipe', `data.unlabelled: ${name} is the split the epoch is chosen on; name another one`);
  const measured = validation ?? train;
  const peopleMeasured = peopleOf(validation ? sortByLabel(validation).labelled : chosen.heldOut!, (await measured.readSubjects())?.subject);
  const subjects = (await extra.readSubjects())?.subject;
  const none = new Uint32Array(0);
  const wanted = everyRow(extra.count).filter((row) => !peopleMeasured.has(subjects?.[row] ?? 0));
  const { unlabelled: others } = await applyChanges(store, extra, { rows: none, bare: none, hidden: wanted }, files);
  const start = store.startOf(train.name);
  const moved = (rows: Uint32Array): Uint32Array => rows.map((row) => start + row);
  const labels = new Uint8Array(store.manifest.count).fill(hiddenLabel);
  labels.set(train.labels, start);
  const unlabelledRows = Uint32Array.from([...moved(chosen.unlabelledRows), ...others.map((row) => store.startOf(name) + row)]);
  return {
    train: await store.asOne(train.name, labels),
    chosen: { trainRows: moved(chosen.trainRows), unlabelledRows, heldOut: chosen.heldOut && moved(chosen.heldOut) },
  };
}

/** Opens the store and divides its rows; whoever asked closes them. Throws `UserError` for unknown splits and when nothing is left to choose on. */
export async function chooseRows(recipe: Recipe, dir: string): Promise<TrainingRows> {
  const store = await openStore(dir);
  try {
    return { ...(await chooseIn(store, recipe)), close: () => store.close() };
  } catch (error) {
    await store.close();
    throw error;
  }
}

async function chooseIn(store: Store, recipe: Recipe): Promise<Omit<TrainingRows, 'close'>> {
  const { data } = recipe;
  let train = await store.split(data.train);
  refuseLocked(train, 'trained on');
  if (train.unlabelled === train.count)
    throw new UserError(
      'no-labels',
      `data.train: no row of split ${train.name} has a label; label some by hand (mien studio) or by models (mien pseudo-label)`,
    );
  let chosen = await chooseTrainRows(recipe, train);
  if (chosen.unlabelledRows.length > 0) train = hideOthers(train, [chosen.trainRows, chosen.heldOut ?? new Uint32Array(0)]);
  const bare = new Set(chosen.bareRows);
  const rows = { rows: chosen.trainRows, bare: Uint32Array.from(bare), hidden: chosen.unlabelledRows.filter((row) => !bare.has(row)) };
  const changed = await applyChanges(store, train, rows, data.changes ?? []);
  train = changed.split;
  chosen = { ...chosen, trainRows: changed.rows, unlabelledRows: changed.unlabelled };
  let validation: Split | undefined;
  if ('split' in data.validation) {
    validation = await store.split(data.validation.split);
    refuseLocked(validation, 'used to choose the epoch');
  }
  if (data.unlabelled !== undefined) ({ train, chosen } = await joinUnlabelled(store, train, validation, chosen, data.unlabelled, data.changes ?? []));
  const { trainRows, unlabelledRows } = chosen;
  const validationRows = validation ? sortByLabel(validation).labelled : chosen.heldOut!;
  if (validationRows.length === 0) throw new UserError('no-validation', `${describeValidation(recipe)} holds no rows to choose the best epoch on`);
  const { name, sources } = store.manifest;
  const { apartRows = new Uint32Array(0) } = chosen;
  const learnt = await rowSetsOf(train, [...trainRows, ...unlabelledRows], sources);
  const chosenOn = await rowSetsOf(validation ?? train, validationRows, sources);
  return {
    name,
    sources,
    train,
    trainRows,
    unlabelledRows,
    validation: validation ?? train,
    validationRows,
    apartRows,
    learnt,
    chosen: chosenOn,
    changes: changed.checksums,
  };
}
