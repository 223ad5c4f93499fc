/** One door for every form of data: looks at the path and calls the importer for it. */
import { existsSync } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { UserError } from '@mien/runtime';
import { manifestFile } from '../store/manifest.ts';
import { affectNetNumbers, importAffectNetCsv, importAffectNetFolder, isAffectNetFolder, isAffectNetHeader } from './affect-net.ts';
import { importCkPlus, isCkPlus } from './ck-plus.ts';
import { importFerCsv } from './fer-csv.ts';
import { importFolders } from './folders.ts';
import type { LabelMap } from './label-map.ts';
import type { LayoutOptions } from './layout.ts';
import { importParquet, isParquetFolder } from './parquet.ts';
import { findRafDbList, importRafDb, isRafDbFolders, rafDbNumbers } from './raf-db.ts';
import { explainReadError } from './read-error.ts';
import type { ImportOptions, ImportReport } from './report.ts';

/** Data sets whose class folders are numbers. */
export const numberedForms: Readonly<Record<string, LabelMap>> = { 'raf-db': rafDbNumbers, affectnet: affectNetNumbers };

/** Options of all importers; one that the source has no use for is refused. */
export interface ImportDataOptions extends ImportOptions, LayoutOptions {
  /** FER+ votes for the rows of a fer2013.csv. */
  votes?: string | undefined;
  /** Folder of the photographs that an AffectNet csv names. */
  images?: string | undefined;
  /** Whose numbers the class folders are: a key of {@link numberedForms}. */
  form?: string | undefined;
  /** Finds a person's name in an image's file name, as its first group. */
  subjects?: RegExp | undefined;
  /** Leave out images that cannot be read instead of refusing the whole. */
  skipBroken?: boolean | undefined;
  /** The images of the folder have no labels yet. */
  unlabelled?: boolean | undefined;
}

/**
 * Imports fer2013.csv or icml_face_data.csv, an AffectNet csv, a Parquet file, or a folder: RAF-DB, CK+, AffectNet, Parquet
 * files, or class folders of any kind.
 * @throws UserError `not-found`, `unknown-source`, `bad-option`, and those of the importers.
 */
export async function importData(source: string, options: ImportDataOptions): Promise<ImportReport> {
  const isDirectory = await stat(source).then(
    (s) => s.isDirectory(),
    (error) => Promise.reject(explainReadError(error, source)),
  );
  return isDirectory ? importFolder(source, options) : importFile(source, options);
}

async function importFile(source: string, options: ImportDataOptions): Promise<ImportReport> {
  const { votes, images, form, subjects, skipBroken, unlabelled, size, channels, ...common } = options;
  refuse(source, { '--form': form, '--subjects': subjects, '--unlabelled': unlabelled });
  switch (extname(source).toLowerCase()) {
    case '.parquet':
      refuse(source, { '--votes': votes, '--images': images, '--skip-broken': skipBroken });
      return importParquet({ ...common, source, size, channels });
    case '.csv':
      break;
    default:
      throw new UserError(
        'unknown-source',
        `${source}: expected a .csv file as fer2013.csv, a .parquet file, or a directory of images; unpack an archive first`,
      );
  }
  if (isAffectNetHeader(await firstLine(source))) {
    refuse(source, { '--votes': votes });
    return importAffectNetCsv({ ...common, csv: source, images, size, channels, skipBroken });
  }
  refuse(source, { '--size': size, '--channels': channels, '--images': images, '--skip-broken': skipBroken });
  return importFerCsv({ ...common, csv: source, votes });
}

async function importFolder(source: string, options: ImportDataOptions): Promise<ImportReport> {
  const { votes, images, form, subjects, unlabelled, ...common } = options;
  if (existsSync(join(source, manifestFile))) throw new UserError('unknown-source', `${source}: this is a store already; give it to train or eval as it is`);
  refuse(source, { '--votes': votes, '--images': images });
  if (form !== undefined && !Object.hasOwn(numberedForms, form)) {
    throw new UserError('bad-option', `--form ${form}: expected one of ${Object.keys(numberedForms).join(', ')}`);
  }
  if (unlabelled) {
    refuse(source, { '--form': form, '--map': options.map });
    return importFolders({ ...common, dir: source, subjects, unlabelled });
  }
  if (form === undefined && subjects === undefined) {
    const found = await importKnown(source, common);
    if (found) return found;
  }
  return importFolders({ ...common, dir: source, subjects, numbers: form === undefined ? undefined : numberedForms[form] });
}

/** The data sets that show by their layout what they are; undefined for any other folder. */
async function importKnown(
  dir: string,
  common: Omit<ImportDataOptions, 'votes' | 'images' | 'form' | 'subjects' | 'unlabelled'>,
): Promise<ImportReport | undefined> {
  if (findRafDbList(dir) !== undefined) return importRafDb({ ...common, dir });
  if (await isRafDbFolders(dir)) return importFolders({ ...common, dir, numbers: rafDbNumbers });
  if (isCkPlus(dir)) return importCkPlus({ ...common, dir });
  if (await isAffectNetFolder(dir)) return importAffectNetFolder({ ...common, dir });
  if (await isParquetFolder(dir)) {
    const { skipBroken, ...rest } = common;
    refuse(dir, { '--skip-broken': skipBroken });
    return importParquet({ ...rest, source: dir });
  }
  return undefined;
}

/** Refuses what was asked for and cannot be done with this source. */
function refuse(source: string, options: Readonly<Record<string, unknown>>): void {
  const given = Object.entries(options).find(([, value]) => value !== undefined && value !== false);
  if (given) throw new UserError('bad-option', `${source}: ${given[0]} is not for data of this form; leave it out`);
}

async function firstLine(path: string): Promise<string> {
  const file = await open(path).catch((error) => Promise.reject(explainReadError(error, path)));
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4096), 0, 4096, 0);
    return buffer.toString('utf8', 0, bytesRead).split('\n')[0] ?? '';
  } finally {
    await file.close();
  }
}
