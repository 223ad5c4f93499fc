/** One door for every form of data: looks at the path and calls the importer for it. */
import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { UserError } from '@mien/runtime';
import { manifestFile } from '../store/manifest.ts';
import { type FerCsvOptions, importFerCsv } from './fer-csv.ts';
import { type FolderOptions, importFolders } from './folders.ts';
import { explainReadError } from './read-error.ts';
import type { ImportReport } from './report.ts';

/** Options of all importers; one that the source has no use for is refused. */
export type ImportDataOptions = Omit<FerCsvOptions, 'csv'> & Omit<FolderOptions, 'dir'>;

/**
 * Imports a csv file ({@link importFerCsv}) or a directory of class folders ({@link importFolders}).
 * @throws UserError `not-found`, `unknown-source`, `bad-option`, and those of the importers.
 */
export async function importData(source: string, options: ImportDataOptions): Promise<ImportReport> {
  const isDirectory = await stat(source).then(
    (s) => s.isDirectory(),
    (error) => Promise.reject(explainReadError(error, source)),
  );
  const { votes, size, channels, ...common } = options;
  if (isDirectory) {
    if (existsSync(join(source, manifestFile))) throw new UserError('unknown-source', `${source}: this is a store already; give it to train or eval as it is`);
    if (votes !== undefined) throw new UserError('bad-option', `${source}: votes belong to the rows of fer2013.csv, not to image folders; leave --votes out`);
    return importFolders({ ...common, dir: source, size, channels });
  }
  if (extname(source).toLowerCase() !== '.csv') {
    throw new UserError('unknown-source', `${source}: expected a .csv file as fer2013.csv, or a directory of class folders; unpack an archive first`);
  }
  if (size !== undefined || channels !== undefined)
    throw new UserError('bad-option', `${source}: size and channels are for image folders; the csv's images are 48×48 grey`);
  return importFerCsv({ ...common, csv: source, votes });
}
