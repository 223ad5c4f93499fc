/**
 * AffectNet (Mollahosseini et al. 2017) in its two forms: csv lists beside folders of photographs, with the face's box
 * (2017), and cut faces with an annotation file each (2021). Copies in numbered folders go through `importFolders`.
 */
import { createReadStream, existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { basename, dirname, extname, join, relative, resolve } from 'node:path';
import { UserError } from '@mien/runtime';
import { CsvError, parse } from 'csv-parse';
import { imageExtensions, splitNames } from './folder-tree.ts';
import { type ImageImportOptions, importImageFiles, type LabelledImage, order } from './image-files.ts';
import { mapInOrder } from './in-order.ts';
import { type LabelMap, LabelResolver } from './label-map.ts';
import { readNpyScalar } from './npy.ts';
import { explainReadError } from './read-error.ts';
import type { ImportReport } from './report.ts';

/** What AffectNet's numbers stand for; the last three are no expressions. */
export const affectNetNumbers: LabelMap = {
  0: 'neutral',
  1: 'happy',
  2: 'sad',
  3: 'surprise',
  4: 'fear',
  5: 'disgust',
  6: 'angry',
  7: 'contempt',
  8: 'drop',
  9: 'drop',
  10: 'drop',
};

const csvColumns = ['subdirectory_filepath', 'face_x', 'face_y', 'face_width', 'face_height', 'expression'] as const;
/** Where the photographs stand, seen from the csv. */
const photographFolders = ['Manually_Annotated_Images', 'Manually_Annotated_compressed', 'Automatically_Annotated_Images', 'images'];
const filesAtOnce = 16;

/** Whether a csv's header is that of AffectNet's lists. */
export function isAffectNetHeader(header: string): boolean {
  const names = header.toLowerCase();
  return names.includes('subdirectory_filepath') && names.includes('expression');
}

/** Whether a folder, or a split folder in it, holds `images` and `annotations` side by side. */
export async function isAffectNetFolder(dir: string): Promise<boolean> {
  return (await annotatedFolders(dir)).length > 0;
}

export interface AffectNetCsvOptions extends Omit<ImageImportOptions, 'dir'> {
  csv: string;
  /** Folder of the photographs; by default looked for beside the csv and beside its folder. */
  images?: string | undefined;
}

/**
 * Imports one list (training.csv, validation.csv), faces cut by their boxes; the split is named by the file.
 * @throws UserError `not-found`, `bad-csv` naming the line, `unknown-class`, and those of {@link importImageFiles}.
 */
export async function importAffectNetCsv(options: AffectNetCsvOptions): Promise<ImportReport> {
  const { csv } = options;
  const dir = findPhotographs(csv, options.images);
  const labels = new LabelResolver(options.map, { labels: options.labels, numbers: affectNetNumbers });
  const split =
    splitNames.get(
      basename(csv, extname(csv))
        .toLowerCase()
        .replace(/^.*_(?=train|valid|test)/, ''),
    ) ?? 'all';
  const images: LabelledImage[] = [];
  const unknown = new Set<string>();
  const parser = parse({ bom: true, trim: true, skip_empty_lines: true, info: true, columns: (names: string[]) => names.map((name) => name.toLowerCase()) });
  createReadStream(csv)
    .on('error', (error) => parser.destroy(error))
    .pipe(parser);
  try {
    for await (const { record, info } of parser as AsyncIterable<{ record: Record<string, string>; info: { lines: number } }>) {
      const fail = (what: string) => new UserError('bad-csv', `${csv}, line ${info.lines}: ${what}`);
      const missing = csvColumns.find((name) => record[name] === undefined);
      if (missing) throw fail(`expected the columns ${csvColumns.join(', ')}; there is no ${missing}`);
      const number = record.expression as string;
      if (!Object.hasOwn(affectNetNumbers, number)) throw fail(`expected an expression from 0 to 10, came ${JSON.stringify(number)}`);
      const label = labels.resolve(number);
      if (label === undefined) unknown.add(number);
      const [x, y, width, height] = csvColumns.slice(1, 5).map((name) => Number(record[name])) as [number, number, number, number];
      if (label !== 'drop' && !(width > 0 && height > 0 && Number.isFinite(x + y)))
        throw fail(`expected the face's box in pixels, came ${x}, ${y}, ${width}, ${height}`);
      const path = record.subdirectory_filepath as string;
      if (relative('.', path).startsWith('..')) throw fail(`${path} leads out of the folder of images`);
      images.push({ path, split, label: label ?? 'drop', face: { x, y, width, height } });
    }
  } catch (error) {
    if (error instanceof CsvError) throw new UserError('bad-csv', `${csv}: ${error.message}`, { cause: error });
    throw explainReadError(error, csv);
  }
  if (unknown.size > 0) throw labels.unknown(csv, [...unknown]);
  if (images.length === 0) throw new UserError('bad-csv', `${csv}: expected a header and a line for each image, found none`);
  return importImageFiles({ form: 'affectnet-csv', labels: labels.labels, images, ignored: [] }, { ...options, dir, name: options.name ?? 'affectnet' });
}

/**
 * Imports `images/0.jpg` with `annotations/0_exp.npy`, in `train_set` and `val_set` or without split folders.
 * @throws UserError `bad-npy`, `unknown-class`, `empty-tree`, and those of {@link importImageFiles}.
 */
export async function importAffectNetFolder(options: ImageImportOptions): Promise<ImportReport> {
  const { dir } = options;
  const labels = new LabelResolver(options.map, { labels: options.labels, numbers: affectNetNumbers });
  const images: LabelledImage[] = [];
  const ignored: string[] = [];
  const unknown = new Set<string>();
  for (const { folder, split } of await annotatedFolders(dir)) {
    const annotations = new Set(await readdir(join(dir, folder, 'annotations')));
    const files = (await readdir(join(dir, folder, 'images'))).filter((name) => imageExtensions.has(extname(name).toLowerCase())).sort(order);
    const annotated = files.filter((name) => {
      const found = annotations.has(annotationOf(name));
      if (!found) ignored.push(`${folder}/images/${name} (no annotation)`.replace(/^\.\//, ''));
      return found;
    });
    let at = 0;
    const read = (name: string) => readLabel(join(dir, folder, 'annotations', annotationOf(name)));
    for await (const number of mapInOrder(annotated, filesAtOnce, read)) {
      const label = labels.resolve(number);
      if (label === undefined) unknown.add(number);
      images.push({ path: `${folder}/images/${annotated[at++]}`.replace(/^\.\//, ''), split, label: label ?? 'drop' });
    }
  }
  if (unknown.size > 0) throw labels.unknown(dir, [...unknown]);
  if (images.length === 0) throw new UserError('empty-tree', `${dir}: expected images/0.jpg with annotations/0_exp.npy, found none`);
  return importImageFiles({ form: 'affectnet-npy', labels: labels.labels, images, ignored }, options);
}

function annotationOf(image: string): string {
  return `${basename(image, extname(image))}_exp.npy`;
}

async function readLabel(path: string): Promise<string> {
  const number = readNpyScalar(await readFile(path), path);
  if (!Object.hasOwn(affectNetNumbers, number)) throw new UserError('bad-npy', `${path}: expected an expression from 0 to 10, came ${JSON.stringify(number)}`);
  return number;
}

async function annotatedFolders(dir: string): Promise<{ folder: string; split: string }[]> {
  const isAnnotated = (folder: string) => existsSync(join(dir, folder, 'images')) && existsSync(join(dir, folder, 'annotations'));
  if (isAnnotated('.')) return [{ folder: '.', split: 'all' }];
  const names = await readdir(dir).catch(() => []);
  return names
    .sort(order)
    .filter(isAnnotated)
    .map((folder) => ({ folder, split: splitNames.get(folder.toLowerCase().replace(/_set$/, '')) ?? folder }));
}

function findPhotographs(csv: string, asked: string | undefined): string {
  if (asked !== undefined) {
    if (!existsSync(asked)) throw new UserError('not-found', `${asked}: there is no such folder of images; check the path`);
    return asked;
  }
  const here = dirname(resolve(csv));
  const found = [here, dirname(here)].flatMap((place) => photographFolders.map((name) => join(place, name))).find((place) => existsSync(place));
  if (found === undefined)
    throw new UserError('not-found', `${csv}: expected the photographs in ${photographFolders[0]} beside it; say where they are with --images`);
  return found;
}
