/** Image folders, one a class, as Kaggle serves FER2013 and most others keep their faces. */
import { basename } from 'node:path';
import { UserError } from '@mien/runtime';
import { readFolderTree, readUnlabelledTree } from './folder-tree.ts';
import { type ImageImportOptions, importImageFiles } from './image-files.ts';
import { type LabelMap, LabelResolver } from './label-map.ts';
import type { ImportReport } from './report.ts';

/** CK+ names its images by person, sequence and frame; copies of it in folders keep the names. */
const ckPlusName = /^(S\d{3})_\d{3}_\d{8}/;

export interface FolderOptions extends ImageImportOptions {
  /** What class folders named by numbers stand for. */
  numbers?: LabelMap | undefined;
  /** Finds a person's name in a file's name, as its first group; by default that of CK+ where every file is named so. */
  subjects?: RegExp | undefined;
  /** Nothing is labelled yet: every image becomes a row of the split `unlabelled`. */
  unlabelled?: boolean | undefined;
}

/**
 * Imports a tree into a store of splits train, val, test (or `all`). Images of different sizes are brought to one size;
 * `converted` in the report counts those that changed.
 * @throws UserError `unknown-class`, `bad-subjects`, those of {@link readFolderTree} and {@link importImageFiles}.
 */
export async function importFolders(options: FolderOptions): Promise<ImportReport> {
  const labels = new LabelResolver(options.map, { labels: options.labels, numbers: options.numbers });
  const tree = await (options.unlabelled ? readUnlabelledTree(options.dir) : readFolderTree(options.dir, labels));
  const pattern = options.subjects ?? (tree.images.every(({ path }) => ckPlusName.test(basename(path))) ? ckPlusName : undefined);
  const images = tree.images.map((image) => ({ ...image, subject: pattern && (pattern.exec(basename(image.path))?.[1] ?? undefined) }));
  if (options.subjects && images.every(({ subject }) => subject === undefined)) {
    throw new UserError('bad-subjects', `${options.dir}: no file name fits ${options.subjects.source}, or it has no (group) for the person`);
  }
  return importImageFiles({ form: 'folders', labels: labels.labels, images, ignored: tree.ignored }, options);
}
