/**
 * CK+ (Lucey et al. 2010) as its authors hand it out: image sequences from a neutral face to the height of an expression,
 * and a label for some of them. Copies of it in class folders go through `importFolders`, which knows its file names.
 */
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { UserError } from '@mien/runtime';
import { imageExtensions } from './folder-tree.ts';
import { type ImageImportOptions, importImageFiles, type LabelledImage, order } from './image-files.ts';
import { type LabelMap, LabelResolver } from './label-map.ts';
import { explainReadError } from './read-error.ts';
import type { ImportReport } from './report.ts';

/** What CK+'s numbers stand for. */
const ckPlusNumbers: LabelMap = { 0: 'neutral', 1: 'angry', 2: 'contempt', 3: 'disgust', 4: 'fear', 5: 'happy', 6: 'sad', 7: 'surprise' };
const imagesFolder = 'cohn-kanade-images';
/** Frames at the end of a sequence that show its expression; the usual protocol takes three, which gives 981 images. */
const peakFrames = 3;

/** Whether a folder holds CK+'s sequences and labels. */
export function isCkPlus(dir: string): boolean {
  return existsSync(join(dir, imagesFolder)) && existsSync(join(dir, 'Emotion'));
}

/**
 * Imports the last three frames of every labelled sequence into the split `all`, with their subjects; `mien data split`
 * then divides them by subject.
 * @throws UserError `bad-list`, `unknown-class`, and those of {@link importImageFiles}.
 */
export async function importCkPlus(options: ImageImportOptions): Promise<ImportReport> {
  const { dir } = options;
  const labels = new LabelResolver(options.map, { labels: options.labels, numbers: ckPlusNumbers });
  const images: LabelledImage[] = [];
  const ignored: string[] = [];
  const unknown = new Set<string>();
  for (const subject of await list(join(dir, 'Emotion'))) {
    for (const sequence of await list(join(dir, 'Emotion', subject))) {
      const folder = `Emotion/${subject}/${sequence}`;
      // Most sequences were left without a label, their folders empty.
      const file = (await list(join(dir, folder))).find((name) => name.endsWith('_emotion.txt'));
      if (file === undefined) continue;
      const number = await readNumber(join(dir, folder, file));
      const label = labels.resolve(number);
      if (label === undefined) unknown.add(number);
      const frames = (await list(join(dir, imagesFolder, subject, sequence))).filter((name) => imageExtensions.has(extname(name).toLowerCase()));
      if (frames.length === 0) ignored.push(`${folder}/${file} (its sequence has no images)`);
      for (const frame of frames.slice(-peakFrames)) {
        images.push({ path: `${imagesFolder}/${subject}/${sequence}/${frame}`, split: 'all', label: label ?? 'drop', subject });
      }
    }
  }
  if (unknown.size > 0) throw labels.unknown(dir, [...unknown]);
  if (images.length === 0)
    throw new UserError('empty-tree', `${dir}: expected labels in Emotion/S005/001/… and images in ${imagesFolder}/S005/001/…, found none`);
  return importImageFiles({ form: 'ck-plus', labels: labels.labels, images, ignored }, options);
}

/** Names in a folder, sorted, without hidden ones. */
async function list(path: string): Promise<string[]> {
  const names = await readdir(path).catch((error) => {
    throw explainReadError(error, path);
  });
  return names.filter((name) => !name.startsWith('.')).sort(order);
}

/** `   3.0000000e+00` → `3`. */
async function readNumber(path: string): Promise<string> {
  const text = await readFile(path, 'utf8');
  const value = Number(text.trim());
  if (text.trim() === '' || !Object.hasOwn(ckPlusNumbers, String(value))) {
    throw new UserError('bad-list', `${path}: expected a number from 0 to 7, came ${JSON.stringify(text.trim().slice(0, 40))}`);
  }
  return String(value);
}
