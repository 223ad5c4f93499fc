/** Applying a csv of changes to a store. The old store stays until the new one is whole, and every cleaning can be undone. */
import { writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { UserError } from '@mien/runtime';
import { GrowingFile, syncToDisk } from '../store/growing-file.ts';
import type { HistoryEntry, Manifest } from '../store/manifest.ts';
import { type FullRow, readRows } from '../store/rows.ts';
import { openStore, type Store } from '../store/store.ts';
import type { StoreWriter } from '../store/writer.ts';
import { readChanges } from './changes.ts';
import { Decisions } from './decisions.ts';
import { checkUnchanged, whileUnchanged, writerLike } from './rewrite.ts';
import type { ChangedRow } from './undo-record.ts';

export interface CleanOptions {
  /** Csv of changes. */
  csv: string;
  /** Directory of the cleaned store; by default the store itself is replaced. */
  out?: string | undefined;
  /** Replace a store that stands at `out`. */
  force?: boolean | undefined;
  /** Allow changes to rows of locked splits; they still cannot leave them for a split that is learnt from. */
  locked?: boolean | undefined;
  onProgress?: ((done: number, total: number) => void) | undefined;
}

export interface CleanReport {
  out: string;
  manifest: Manifest;
  dropped: number;
  relabelled: number;
  moved: number;
}

/**
 * Drops, relabels and moves the rows that the csv names. A row of the split `unlabelled` that gets a label joins `train`, or
 * where there is none the split with most labels.
 * @throws UserError `bad-changes` and `locked-split` naming the line, `changed-meanwhile`, `nothing-left`, and those of
 * opening and writing a store. The store is untouched then.
 */
export async function cleanStore(dir: string, options: CleanOptions): Promise<CleanReport> {
  return whileUnchanged(dir, (before) => cleanFrom(dir, before, options));
}

async function cleanFrom(dir: string, before: string, options: CleanOptions): Promise<CleanReport> {
  const store = await openStore(dir);
  try {
    const { manifest } = store;
    const decisions = new Decisions(options.csv, await readChanges(options.csv), manifest, options.locked ?? false);
    const number = 1 + manifest.history.filter(({ kind }) => kind === 'clean').length;
    const entry: HistoryEntry = {
      kind: 'clean',
      at: new Date().toISOString(),
      note: basename(options.csv),
      dropped: 0,
      relabelled: 0,
      moved: 0,
      undo: { changes: `undo-${number}.json`, images: `undo-${number}.images.u8` },
    };
    const writer = writerLike(store, {
      out: options.out,
      force: options.force,
      locked: (split) => decisions.isLocked(split),
      history: [...manifest.history, entry],
    });
    try {
      await applyDecisions(store, decisions, writer, entry, options);
      decisions.checkAllTaken();
      if (entry.dropped === manifest.count) throw new UserError('nothing-left', `${options.csv}: this drops every row of ${dir}; keep some`);
      if (options.out === undefined) checkUnchanged(dir, before);
      const { dropped, relabelled, moved } = entry;
      return { out: options.out ?? dir, manifest: writer.finish(), dropped, relabelled, moved };
    } catch (error) {
      writer.discard();
      throw error;
    }
  } finally {
    await store.close();
  }
}

/** Writes what stays, counts in `entry`, and keeps what undoes it. */
async function applyDecisions(store: Store, decisions: Decisions, writer: StoreWriter, entry: HistoryEntry, { onProgress }: CleanOptions): Promise<void> {
  const { splits, count } = store.manifest;
  const undo = entry.undo as NonNullable<HistoryEntry['undo']>;
  const images = new GrowingFile(join(writer.stagedDir, undo.images));
  const rows: ChangedRow[] = [];
  let seen = 0;
  try {
    for (const name of store.splitNames) {
      for await (const row of readRows(await store.split(name))) {
        if (++seen % 1000 === 0) onProgress?.(seen, count);
        const decision = decisions.take(row);
        if (decision === undefined) {
          writer.append(row);
          continue;
        }
        if (decision === 'drop') {
          rows.push(recordOf(row, entry.dropped++));
          images.append(row.image);
          continue;
        }
        rows.push(recordOf(row));
        if (decision.label !== row.label) entry.relabelled++;
        if (decision.split !== row.split) entry.moved++;
        writer.append({ ...row, ...decision });
      }
    }
    images.finish();
  } finally {
    images.close();
  }
  const changes = join(writer.stagedDir, undo.changes);
  writeFileSync(changes, JSON.stringify({ splits: splits.map(({ name, locked }) => ({ name, locked })), rows }));
  for (const path of [images.path, changes]) syncToDisk(path);
}

/** @param image place among the images kept, of a row that is dropped. */
function recordOf(row: FullRow, image?: number): ChangedRow {
  const { source, split, position, label, votes, path, subject, size } = row;
  const stood = { source, row: row.row, split, position, label };
  if (image === undefined) return stood;
  return {
    ...stood,
    dropped: {
      image,
      ...(votes && { votes: [...votes] }),
      ...(path !== undefined && { path }),
      ...(subject !== undefined && { subject }),
      ...(size && { size: [size[0], size[1]] }),
    },
  };
}
