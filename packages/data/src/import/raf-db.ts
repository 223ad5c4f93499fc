/**
 * RAF-DB's basic set (Li et al. 2017) as its authors hand it out: a list of labels, and a folder of aligned faces. Copies of it as
 * folders `train/1/…` go through `importFolders` with {@link rafDbNumbers}.
 */
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '@mien/runtime';
import { type ImageImportOptions, importImageFiles, type LabelledImage } from './image-files.ts';
import { type LabelMap, LabelResolver } from './label-map.ts';
import { explainReadError } from './read-error.ts';
import type { ImportReport } from './report.ts';

/** What RAF-DB's numbers stand for. */
export const rafDbNumbers: LabelMap = { 1: 'surprise', 2: 'fear', 3: 'disgust', 4: 'happy', 5: 'sad', 6: 'angry', 7: 'neutral' };

/** Spelt like this by its authors. */
const listNames = ['list_patition_label.txt', 'EmoLabel/list_patition_label.txt'];
const imageFolders = ['Image/aligned', 'aligned', 'Image/original', 'original', '.'];
/** `train_00001.jpg 5`, with or without `_aligned`. */
const line = /^((train|test)_\d+(?:_aligned)?\.\w+)\s+(\d+)$/;

/** Where the list of labels stands in a folder or in its folder `basic`, relative to it; undefined where there is none. */
export function findRafDbList(dir: string): string | undefined {
  return listNames.flatMap((name) => [name, `basic/${name}`]).find((name) => existsSync(join(dir, name)));
}

/** Whether a folder holds copies of RAF-DB in numbered class folders, under the names its authors gave the images. */
export async function isRafDbFolders(dir: string): Promise<boolean> {
  for (const split of ['train', 'test']) {
    for (const number of Object.keys(rafDbNumbers)) {
      const files = await readdir(join(dir, split, number)).catch(() => []);
      if (files.length > 0) return files.every((file) => file.startsWith('.') || /^(train|test)_\d+(_aligned)?\.\w+$/.test(file));
    }
  }
  return false;
}

/**
 * Imports the list's images into the splits train and test; the test split is locked.
 * @throws UserError `bad-list` naming the line, `not-found`, and those of {@link importImageFiles}.
 */
export async function importRafDb(options: ImageImportOptions): Promise<ImportReport> {
  const { dir } = options;
  const list = findRafDbList(dir);
  if (list === undefined) throw new UserError('not-found', `${dir}: expected RAF-DB's ${listNames.join(' or ')}, found neither`);
  const base = list.startsWith('basic/') ? 'basic/' : '';
  const text = await readFile(join(dir, list), 'utf8').catch((error) => Promise.reject(explainReadError(error, join(dir, list))));
  const { folder, files } = await findImages(dir, base);
  const labels = new LabelResolver(options.map, { labels: options.labels, numbers: rafDbNumbers });
  const images: LabelledImage[] = [];
  const unknown = new Set<string>();
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    if (raw.trim() === '') continue;
    const fail = (what: string) => new UserError('bad-list', `${join(dir, list)}, line ${index + 1}: ${what}`);
    const match = line.exec(raw.trim());
    if (!match) throw fail(`expected an image and its number, as train_00001.jpg 5, came ${JSON.stringify(raw.slice(0, 80))}`);
    const [, name, split, number] = match as unknown as [string, string, string, string];
    if (!Object.hasOwn(rafDbNumbers, number)) throw fail(`expected a number from 1 to 7, came ${number}`);
    const label = labels.resolve(number);
    if (label === undefined) unknown.add(number);
    const file = [name, name.replace(/(\.\w+)$/, '_aligned$1')].find((each) => files.has(each));
    if (file === undefined) throw fail(`there is no image ${name} (or with _aligned) in ${join(dir, folder)}`);
    images.push({ path: `${folder}/${file}`, split, label: label ?? 'drop' });
    files.delete(file);
  }
  if (unknown.size > 0) throw labels.unknown(dir, [...unknown]);
  if (images.length === 0) throw new UserError('bad-list', `${join(dir, list)}: expected lines as train_00001.jpg 5, the file is empty`);
  const ignored = [...files].filter((name) => /\.(jpe?g|png)$/i.test(name)).map((name) => `${folder}/${name} (not in the list)`);
  return importImageFiles({ form: 'raf-db', labels: labels.labels, images, ignored }, options);
}

/** The first of the usual folders that holds images. */
async function findImages(dir: string, base: string): Promise<{ folder: string; files: Set<string> }> {
  for (const name of imageFolders) {
    const folder = name === '.' ? base.slice(0, -1) || '.' : base + name;
    const files = await readdir(join(dir, folder)).catch(() => []);
    if (files.some((file) => /^(train|test)_\d+/.test(file))) return { folder, files: new Set(files) };
  }
  throw new UserError('not-found', `${dir}: expected RAF-DB's images (train_00001_aligned.jpg …) in ${imageFolders.slice(0, 2).join(' or ')}, found none`);
}
