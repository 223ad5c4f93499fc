/** A store in forms that others read, and that `mien data import` reads back. */
import { writeCsv } from './csv.ts';
import { writeFolders } from './folders.ts';
import { writeParquet } from './parquet.ts';
import { lockedByDefault } from '../store/manifest.ts';
import { openStore } from '../store/store.ts';

export const exportForms = ['folders', 'csv', 'parquet'] as const;
export type ExportForm = (typeof exportForms)[number];

export interface ExportOptions {
  /** A new directory, or the file of a csv. */
  out: string;
  form: ExportForm;
  onProgress?: ((done: number, total: number) => void) | undefined;
}

export interface ExportReport {
  images: number;
  files: number;
  /** Locked splits that neither the form nor their names tell of: an import must be told again. */
  unlocked: string[];
}

const writers = { folders: writeFolders, csv: writeCsv, parquet: writeParquet };

/** Writes every row of the store. @throws UserError `exists`, `cannot-write`, `disk-full`, and for a csv `bad-form`. */
export async function exportStore(dir: string, { out, form, onProgress }: ExportOptions): Promise<ExportReport> {
  const store = await openStore(dir);
  try {
    let done = 0;
    const files = await writers[form](store, out, () => {
      if (++done % 100 === 0) onProgress?.(done, store.manifest.count);
    });
    const unlocked = form === 'parquet' ? [] : store.splitNames.filter((name) => store.isLocked(name) && !lockedByDefault(name));
    return { images: store.manifest.count, files, unlocked };
  } finally {
    await store.close();
  }
}
