/** What a cleaning keeps so that it can be undone: where each changed row stood, and the pixels of the dropped. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '@mien/runtime';
import { z } from 'zod';

const changedRow = z.object({
  /** Identity: index into the manifest's sources, and row number there. */
  source: z.number().int().nonnegative(),
  row: z.number().int().nonnegative(),
  /** Where it stood before, and its label. */
  split: z.string(),
  position: z.number().int().nonnegative(),
  label: z.number().int().nonnegative(),
  /** Only of a dropped row: what the store held of it, and its place among the kept images. */
  dropped: z
    .object({
      image: z.number().int().nonnegative(),
      votes: z.array(z.number().int()).optional(),
      path: z.string().optional(),
      subject: z.string().optional(),
      size: z.tuple([z.number(), z.number()]).optional(),
    })
    .optional(),
});

const undoRecord = z.object({
  /** Every split before the cleaning, in order. */
  splits: z.array(z.object({ name: z.string(), locked: z.boolean() })),
  rows: z.array(changedRow),
});

export type ChangedRow = z.infer<typeof changedRow>;
export type UndoRecord = z.infer<typeof undoRecord>;

/** @throws UserError `corrupt-store`. */
export async function readUndoRecord(dir: string, file: string): Promise<UndoRecord> {
  try {
    return undoRecord.parse(JSON.parse(await readFile(join(dir, file), 'utf8')));
  } catch (cause) {
    throw new UserError('corrupt-store', `${dir}: ${file}: the record of a cleaning cannot be read, so it cannot be undone`, { cause });
  }
}

/** Names one row among all of a store. */
export function rowKey(source: number, row: number): string {
  return `${source}:${row}`;
}
