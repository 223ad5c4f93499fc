/** Several stores in one: one label space, one size, rows that keep their identity, splits made anew. */
import { UserError } from '@mien/runtime';
import type { HistoryEntry, ImageLayout, Manifest, StoreSource } from '../store/manifest.ts';
import { ImageFitter, toPicture } from '../store/picture.ts';
import { readRows } from '../store/rows.ts';
import { openStore, type Store } from '../store/store.ts';
import { StoreWriter } from '../store/writer.ts';
import { checkMergeMap, mapLabels, type MergeMap } from './label-space.ts';
import { labelIn, type MergeInput, planSplits } from './plan-splits.ts';
import { describeStrategy, isLockedAfter, type SplitStrategy } from './strategy.ts';

export interface MergeOptions extends MergeMap {
  /** Directory of the new store. */
  out: string;
  force?: boolean | undefined;
  /** Name of the new data set; by default the names of the stores with `+` between. */
  name?: string | undefined;
  /** By default 80:10:10 of the pooled rows, seed 1. */
  strategy?: SplitStrategy | undefined;
  /** Divide the rows of locked splits with the others; by default they stay apart, locked, for what is measured on them elsewhere. */
  withLocked?: boolean | undefined;
  /** Side, in pixels, and channels of the stored images; by default those of the first store. */
  size?: number | undefined;
  channels?: 1 | 3 | undefined;
  onProgress?: ((done: number, total: number) => void) | undefined;
}

export interface MergeReport {
  out: string;
  manifest: Manifest;
  dropped: number;
  /** Images brought to another size or other channels. */
  converted: number;
}

/** Puts stores into one; with one store, divides it anew. @throws UserError `bad-option`, `bad-map`, `unknown-class`, `same-source`, and those of opening and writing a store. */
export async function mergeStores(dirs: readonly string[], options: MergeOptions): Promise<MergeReport> {
  const stores: Store[] = [];
  try {
    for (const dir of dirs) stores.push(await openStore(dir));
    return await mergeOpened(stores, options);
  } finally {
    for (const store of stores) await store.close();
  }
}

async function mergeOpened(stores: readonly Store[], options: MergeOptions): Promise<MergeReport> {
  const [first] = stores;
  if (!first) throw new UserError('bad-option', 'expected one store at least');
  const strategy = options.strategy ?? { kind: 'shares', shares: [0.8, 0.1, 0.1], seed: 1 };
  const names = stores.map((store) => store.manifest.name);
  checkMergeMap(options, names);
  const common = options.labels ?? first.manifest.labels;
  const sources = checkSources(stores);
  const inputs: MergeInput[] = stores.map((store, index) => ({
    store,
    labels: mapLabels(names[index] as string, store.manifest.labels, usedLabels(store), common, options),
    firstSource: stores.slice(0, index).reduce((sum, each) => sum + each.manifest.sources.length, 0),
  }));
  const image = targetLayout(first, options);
  const { splitOf, locked } = await planSplits(inputs, strategy, options.withLocked ?? false);
  const entry: HistoryEntry = {
    kind: stores.length > 1 ? 'merge' : 'split',
    at: new Date().toISOString(),
    note: `${names.join(' + ')}: ${describeStrategy(strategy)}`,
    dropped: 0,
    relabelled: 0,
    moved: 0,
  };
  const writer = new StoreWriter({
    out: options.out,
    force: options.force,
    name: options.name ?? [...new Set(names)].join('+'),
    form: '',
    file: '',
    image,
    align: commonAlign(stores),
    labels: common,
    votes: commonVotes(stores),
    paths: stores.some(({ manifest }) => manifest.columns.path),
    subjects: stores.some(({ manifest }) => manifest.columns.subject),
    sizes: stores.some(({ manifest }) => manifest.columns.size),
    sources,
    locked: (split) => isLockedAfter(split, locked),
    history: [...stores.flatMap(({ manifest }) => manifest.history.map(({ undo: _, ...done }) => done)), entry],
  });
  try {
    const converted = await copyRows(inputs, writer, image, splitOf, entry, options);
    const { dropped } = entry;
    return { out: options.out, manifest: writer.finish(), dropped, converted };
  } catch (error) {
    writer.discard();
    throw error;
  }
}

async function copyRows(
  inputs: readonly MergeInput[],
  writer: StoreWriter,
  image: ImageLayout,
  splitOf: (input: number, split: string, position: number) => string,
  entry: HistoryEntry,
  { onProgress }: MergeOptions,
): Promise<number> {
  const fitter = new ImageFitter(image);
  const total = inputs.reduce((sum, { store }) => sum + store.manifest.count, 0);
  let seen = 0;
  let converted = 0;
  for (const [index, { store, labels, firstSource }] of inputs.entries()) {
    const { name, image: from } = store.manifest;
    const same = from.channels === image.channels && from.height === image.height && from.width === image.width;
    for (const split of store.splitNames) {
      for await (const row of readRows(await store.split(split))) {
        if (++seen % 1000 === 0) onProgress?.(seen, total);
        const label = labelIn(labels, row.label);
        if (label < 0) {
          entry.dropped++;
          continue;
        }
        if (!same) converted++;
        writer.append({
          ...row,
          label,
          split: splitOf(index, split, row.position),
          source: firstSource + row.source,
          image: same ? row.image : fitter.fit(toPicture(row.image, from)),
          // The same name in two data sets is two people.
          subject: row.subject && inputs.length > 1 ? `${name}/${row.subject}` : row.subject,
          votes: store.manifest.columns.votes ? row.votes : undefined,
          // The size an image came with, or else the size it had in the store it comes from.
          size: row.size?.[0] ? row.size : [from.height, from.width],
        });
      }
    }
  }
  return converted;
}

function usedLabels({ manifest }: Store): number[] {
  return manifest.labels.map((_, k) => manifest.splits.reduce((sum, split) => sum + (split.perLabel[k] ?? 0), 0));
}

/** All sources in one list. Rows of two stores with one identity would be one row twice. */
function checkSources(stores: readonly Store[]): StoreSource[] {
  const sources = stores.flatMap(({ manifest }) => manifest.sources);
  const seen = new Set<string>();
  for (const { name, split } of sources) {
    const key = `${name}/${split}`;
    if (seen.has(key)) {
      throw new UserError('same-source', `two of the stores hold rows of ${key}; if they are not the same rows, import one of them under another --name`);
    }
    seen.add(key);
  }
  return sources;
}

function commonVotes(stores: readonly Store[]): readonly string[] | undefined {
  const kinds = stores.flatMap(({ manifest }) => (manifest.columns.votes?.names ? [manifest.columns.votes.names] : []));
  const other = kinds.find((names) => JSON.stringify(names) !== JSON.stringify(kinds[0]));
  if (other) throw new UserError('bad-option', `the stores have votes of different kinds (${kinds[0]}; ${other}); import one of them without votes`);
  return kinds[0];
}

/** Level faces and others in one store would teach a network neither. */
function commonAlign(stores: readonly Store[]): Manifest['align'] {
  const other = stores.find(({ manifest }) => manifest.align !== stores[0]?.manifest.align);
  if (other)
    throw new UserError('bad-option', `${other.dir}: of the stores some have level faces and some have not; put all through \`mien data align\`, or none`);
  return stores[0]?.manifest.align;
}

function targetLayout(first: Store, { size, channels }: MergeOptions): ImageLayout {
  const { image } = first.manifest;
  return { layout: 'fixed', channels: channels ?? image.channels, height: size ?? image.height, width: size ?? image.width };
}
