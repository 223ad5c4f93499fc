/** Rewriting a store into a new one that keeps its identity: same name, sources, columns, and the records of earlier cleanings. */
import { copyFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '@mien/runtime';
import { type HistoryEntry, type Manifest, manifestFile } from '../store/manifest.ts';
import type { Store } from '../store/store.ts';
import { StoreWriter } from '../store/writer.ts';

export interface RewriteOptions {
  /** Directory of the new store; by default the old one is replaced. */
  out?: string | undefined;
  /** Replace a store that stands at `out`. */
  force?: boolean | undefined;
  locked: (split: string) => boolean;
  history: readonly HistoryEntry[];
  /** Default: as the old store's. */
  align?: Manifest['align'];
}

/** A writer of a store like this one, and with the files that undo the cleanings in `history`, as far as the old store has them. */
export function writerLike(store: Store, { out, force, locked, history, align = store.manifest.align }: RewriteOptions): StoreWriter {
  const { name, image, labels, sources, columns } = store.manifest;
  const writer = new StoreWriter({
    out: out ?? store.dir,
    force: out === undefined || force,
    name,
    // The sources, which are given, say how they were laid out.
    form: '',
    file: '',
    image,
    align,
    labels,
    sources,
    votes: columns.votes?.names,
    paths: columns.path !== undefined,
    subjects: columns.subject !== undefined,
    sizes: columns.size !== undefined,
    locked,
    history,
  });
  const known = new Set(store.manifest.history.map(({ undo }) => undo?.changes));
  try {
    for (const { undo } of history) {
      if (!undo || !known.has(undo.changes)) continue;
      for (const file of [undo.changes, undo.images]) copyFileSync(join(store.dir, file), join(writer.stagedDir, file));
    }
  } catch (error) {
    writer.discard();
    throw error;
  }
  return writer;
}

/** The manifest as it stands on disk, to see later whether the store was changed meanwhile; '' without one. */
function manifestText(dir: string): string {
  const path = join(dir, manifestFile);
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

/**
 * Works on the store in `dir`, given its manifest as it stands. Where another cleaning takes its place meanwhile, half of what is read
 * may be of the one and half of the other: then that is told, and not that the store is damaged.
 */
export async function whileUnchanged<T>(dir: string, work: (before: string) => Promise<T>): Promise<T> {
  const before = manifestText(dir);
  try {
    return await work(before);
  } catch (error) {
    if (error instanceof UserError && error.code === 'corrupt-store') checkUnchanged(dir, before);
    throw error;
  }
}

/**
 * Of two cleanings at once the second must not undo the first. Called right before the new store takes its place.
 * @param before the store's manifest before it was read.
 * @throws UserError `changed-meanwhile`.
 */
export function checkUnchanged(dir: string, before: string): void {
  if (manifestText(dir) !== before) {
    throw new UserError('changed-meanwhile', `${dir}: the store was changed by someone else meanwhile; nothing was written, do it again`);
  }
}
