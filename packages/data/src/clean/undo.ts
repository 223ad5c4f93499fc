/** Taking back the last cleaning: every row is again where it was, with the label it had. */
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '@mien/runtime';
import { type HistoryEntry, imageSamples } from '../store/manifest.ts';
import { readColumns, readRows, rowAt, type SplitColumns } from '../store/rows.ts';
import type { StoreRow } from '../store/split-parts.ts';
import { openStore, type Split, type Store } from '../store/store.ts';
import type { StoreWriter } from '../store/writer.ts';
import type { CleanReport } from './clean.ts';
import { checkUnchanged, whileUnchanged, writerLike } from './rewrite.ts';
import { type ChangedRow, readUndoRecord, rowKey, type UndoRecord } from './undo-record.ts';

export interface UndoOptions {
  /** Directory of the restored store; by default the store itself is replaced. */
  out?: string | undefined;
  force?: boolean | undefined;
}

/**
 * Undoes the latest cleaning that has not been undone; called again, the one before it. The history keeps both.
 * @returns what the cleaning had dropped, relabelled and moved, now taken back.
 * @throws UserError `nothing-to-undo`, `corrupt-store`, `changed-meanwhile`, and those of writing a store.
 */
export async function undoCleaning(dir: string, options: UndoOptions = {}): Promise<CleanReport> {
  return whileUnchanged(dir, (before) => undoFrom(dir, before, options));
}

async function undoFrom(dir: string, before: string, options: UndoOptions): Promise<CleanReport> {
  const store = await openStore(dir);
  try {
    const { history } = store.manifest;
    const last = history.findLast(({ undo }) => undo);
    if (!last?.undo) throw new UserError('nothing-to-undo', `${dir}: no cleaning to undo; none was applied, or all were taken back`);
    const record = await readUndoRecord(dir, last.undo.changes);
    const { dropped, relabelled, moved } = last;
    const { undo: _, ...done } = last;
    const entry: HistoryEntry = { kind: 'undo', at: new Date().toISOString(), note: last.note, dropped, relabelled, moved };
    const lockedBefore = new Map(record.splits.map(({ name, locked }) => [name, locked]));
    const writer = writerLike(store, {
      ...options,
      locked: (split) => lockedBefore.get(split) ?? false,
      history: [...history.map((each) => (each === last ? done : each)), entry],
    });
    let images: FileHandle | undefined;
    try {
      images = await open(join(dir, last.undo.images));
      await restoreRows(store, record, images, writer);
      if (options.out === undefined) checkUnchanged(dir, before);
      return { out: options.out ?? dir, manifest: writer.finish(), dropped, relabelled, moved };
    } catch (error) {
      writer.discard();
      throw error;
    } finally {
      await images?.close();
    }
  } finally {
    await store.close();
  }
}

/** Split by split as before: changed rows at the places they had, the others in their order between them. */
async function restoreRows(store: Store, record: UndoRecord, images: FileHandle, writer: StoreWriter): Promise<void> {
  const changed = new Map(record.rows.map((row) => [rowKey(row.source, row.row), row]));
  const present = await findPresent(store, changed);
  for (const { name } of record.splits) {
    const waiting = record.rows.filter((row) => row.split === name).sort((a, b) => a.position - b.position);
    let next = 0;
    let position = 0;
    const restoreHere = async (): Promise<void> => {
      for (; waiting[next]?.position === position; next++, position++) writer.append(await restored(store, waiting[next] as ChangedRow, present, images));
    };
    await restoreHere();
    const rows = store.splitNames.includes(name) ? readRows(await store.split(name)) : [];
    for await (const row of rows) {
      if (changed.has(rowKey(row.source, row.row))) continue;
      writer.append(row);
      position++;
      await restoreHere();
    }
    if (next < waiting.length) throw unfit(store);
  }
}

interface Present {
  split: Split;
  columns: SplitColumns;
  position: number;
}

async function restored(store: Store, row: ChangedRow, present: ReadonlyMap<string, Present>, images: FileHandle): Promise<StoreRow> {
  const { split, label, dropped } = row;
  if (dropped) {
    const image = new Uint8Array(imageSamples(store.manifest.image));
    const { bytesRead } = await images.read(image, 0, image.length, dropped.image * image.length);
    if (bytesRead !== image.length) throw unfit(store);
    const { votes, path, subject, size } = dropped;
    return { split, label, image, source: row.source, row: row.row, votes: votes && Uint8Array.from(votes), path, subject, size };
  }
  const now = present.get(rowKey(row.source, row.row));
  if (!now) throw unfit(store);
  const image = await now.split.readImages(now.position, 1);
  return { ...rowAt(now.split, now.columns, now.position, image), split, label };
}

function unfit(store: Store): UserError {
  return new UserError('corrupt-store', `${store.dir}: the record of the last cleaning does not fit the store's rows, so it cannot be undone`);
}

/** Where the changed rows that were not dropped stand now. */
async function findPresent(store: Store, changed: ReadonlyMap<string, ChangedRow>): Promise<Map<string, Present>> {
  const present = new Map<string, Present>();
  for (const name of store.splitNames) {
    const split = await store.split(name);
    const columns = await readColumns(split);
    for (let position = 0; position < split.count; position++) {
      const key = rowKey(columns.source[position] as number, columns.row[position] as number);
      if (changed.has(key)) present.set(key, { split, columns, position });
    }
  }
  return present;
}
