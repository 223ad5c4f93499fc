/** Rows of a split that a model was trained on, as far as its card tells. */
import { type RowSet, rowsInSets, type Split, type Store } from '@mien/data';
import { type ModelCard, UserError } from '@mien/runtime';
import { caveatOf, chosenCaveat, trainedCaveat } from './card-figures.ts';
import type { CardHead } from './card-heads.ts';

export interface SeenRows {
  /** Row numbers within the split, ascending. */
  readonly rows: Uint32Array;
  /** What the card says it was trained on. */
  readonly trainedOn: string;
}

/** A model of several says all of its sources, joined. */
const parts = (text: string): string[] => text.split(' + ');

/**
 * Rows by identity: (source, split of the source, row), whatever store they stand in now. A card of before these were kept names
 * its split alone: then a row counts as seen where it lies in that split of that store, or where it came from it.
 */
export async function seenRows(card: ModelCard, store: Store, split: Split): Promise<SeenRows> {
  const { data, split: trained, rows: count, learntRows } = card.training;
  const [names, splits] = [parts(data), parts(trained)];
  const trainedOn = `${data} ${trained}`;
  if (learntRows) return { rows: await rowsInSets(split, learntRows, store.manifest.sources), trainedOn };
  const { manifest } = store;
  const every = (): Uint32Array => Uint32Array.from({ length: split.count }, (_, row) => row);
  const sameStore = names.includes(manifest.name);
  if (sameStore && splits.includes(split.name)) return { rows: every(), trainedOn };
  // A split of this store with as many rows as were trained on is what was trained on: the others are not, wherever they came from.
  const labelled = (perLabel: readonly number[]): number => perLabel.reduce((sum, of) => sum + of, 0);
  if (sameStore && manifest.splits.some(({ name, perLabel }) => splits.includes(name) && labelled(perLabel) === count))
    return { rows: new Uint32Array(0), trainedOn };
  const known = manifest.sources.map((source) => names.includes(source.name) && splits.includes(source.split));
  if (!known.includes(true)) return { rows: new Uint32Array(0), trainedOn };
  const { source } = await split.readProvenance();
  return { rows: every().filter((row) => known[source[row]!]), trainedOn };
}

/** Rows of the split that a model's epoch was chosen on, and that the temperature of one of its heads was fitted on, as far as its card tells. */
export async function usedRows(
  card: ModelCard,
  head: Pick<CardHead, 'fittedOn'>,
  store: Store,
  split: Split,
): Promise<{ chosen: Uint32Array; fitted: Uint32Array }> {
  const among = (sets: readonly RowSet[] = []): Promise<Uint32Array> => rowsInSets(split, sets, store.manifest.sources);
  const { chosenRows } = card.training;
  const isNamed = !chosenRows && caveatOf(card, store.manifest.name, split.name) === chosenCaveat;
  const chosen = isNamed ? Uint32Array.from({ length: split.count }, (_, row) => row) : await among(chosenRows);
  return { chosen, fitted: await among(head.fittedOn) };
}

/** What makes figures of a split look better than they are, in words for a card or a table; empty where nothing does. */
export async function caveatsOf(card: ModelCard, head: Pick<CardHead, 'fittedOn'>, store: Store, split: Split): Promise<string[]> {
  const [seen, { chosen, fitted }] = [await seenRows(card, store, split), await usedRows(card, head, store, split)];
  const of = (rows: Uint32Array, what: string): string[] =>
    rows.length === 0 ? [] : [rows.length === split.count ? what : `${rows.length} of ${split.count} are ${what}`];
  return [...of(seen.rows, trainedCaveat), ...of(chosen, chosenCaveat), ...of(fitted, 'rows the temperature was fitted on')];
}

/** Throws `UserError` `trained-on` where rows were seen. */
export function refuseSeen(
  { rows, trainedOn }: SeenRows,
  split: Split,
  file: string,
  instead = 'name another split, or say --force, which marks the result',
): void {
  if (rows.length === 0) return;
  throw new UserError(
    'trained-on',
    `${file}: ${rows.length} of the ${split.count} rows of split ${split.name} are rows the model was trained on (its card says ${trainedOn}); ${instead}`,
  );
}

/** Throws `UserError` `no-labels` for a split that cannot be measured on whole. */
export function refuseUnlabelled(split: Split): void {
  if (split.unlabelled === 0) return;
  throw new UserError(
    'no-labels',
    `split ${split.name}: ${split.unlabelled} of its ${split.count} rows have no label, and none is left out in silence; label them, or name another split`,
  );
}

/** Throws `UserError` for a split whose figures would mean nothing: without rows, with rows of one class only, or with rows that have no label. */
export function checkSplit(split: Split): void {
  if (split.count === 0) throw new UserError('empty-split', `split ${split.name} has no rows; there is nothing to measure`);
  refuseUnlabelled(split);
  refuseOneClass(
    split.labelNames.filter((_, k) => split.perLabel[k]! > 0),
    split,
  );
}

function refuseOneClass(present: readonly string[], split: Split): void {
  if (present.length > 1) return;
  throw new UserError(
    'one-class',
    `split ${split.name} has rows of one class only (${present[0]}); accuracy and macro-F1 mean nothing there. Name a split with several classes`,
  );
}

/** The same for the truth of its votes [N]. Throws `UserError` `empty-split` or `one-class`. */
export function checkVoted(truth: Uint8Array, labels: readonly string[], split: Split, protocol: string): void {
  if (truth.length === 0) throw new UserError('empty-split', `split ${split.name}: no row counts (${protocol}); there is nothing to measure`);
  const present = new Set(truth);
  refuseOneClass(
    labels.filter((_, k) => present.has(k)),
    split,
  );
}
