/** Rows of a split that a model was trained on, as far as its card tells. */
import type { Split, Store } from '@mien/data';
import { type ModelCard, UserError } from '@mien/runtime';

export interface SeenRows {
  /** Row numbers within the split, ascending. */
  readonly rows: Uint32Array;
  /** What the card says it was trained on. */
  readonly trainedOn: string;
}

/** A model of several says all of its sources, joined. */
const parts = (text: string): string[] => text.split(' + ');

/**
 * Rows by identity: (source, split of the source, row). A row counts as seen where it lies in the very split of the very
 * store the card names, or where it came from it, under whatever name it is stored now.
 */
export async function seenRows(card: ModelCard, store: Store, split: Split): Promise<SeenRows> {
  const { data, split: trained, rows: count } = card.training;
  const [names, splits] = [parts(data), parts(trained)];
  const trainedOn = `${data} ${trained}`;
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

/** Throws `UserError` `trained-on` where rows were seen. */
export function refuseSeen({ rows, trainedOn }: SeenRows, split: Split, file: string): void {
  if (rows.length === 0) return;
  throw new UserError(
    'trained-on',
    `${file}: ${rows.length} of the ${split.count} rows of split ${split.name} are rows the model was trained on (its card says ${trainedOn}); name another split, or say --force, which marks the result`,
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
  const present = split.labelNames.filter((_, k) => split.perLabel[k]! > 0);
  if (present.length > 1) return;
  throw new UserError(
    'one-class',
    `split ${split.name} has rows of one class only (${present[0]}); accuracy and macro-F1 mean nothing there. Name a split with several classes`,
  );
}
