/** What stands in a folder-per-class tree: which image belongs to which split and class. */
import { readdir, stat } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { UserError } from '@mien/runtime';
import { noLabel, unlabelledName } from '../store/manifest.ts';
import { order } from './image-files.ts';
import type { LabelResolver } from './label-map.ts';
import { explainReadError } from './read-error.ts';

export interface TreeImage {
  /** Relative to the tree, with `/` between. */
  path: string;
  split: string;
  label: number | 'drop';
}

export interface FolderTree {
  /** Sorted by split, then path, by code unit: the same on every machine. */
  images: TreeImage[];
  /** Files that are no images or belong to no class. */
  ignored: string[];
}

/** Names of split folders, lower case. */
export const splitNames: ReadonlyMap<string, string> = new Map([
  ['train', 'train'],
  ['training', 'train'],
  ['val', 'val'],
  ['valid', 'val'],
  ['validation', 'val'],
  ['test', 'test'],
  ['testing', 'test'],
  ['public', 'public'],
  ['publictest', 'public'],
  ['private', 'private'],
  ['privatetest', 'private'],
  ['all', 'all'],
]);
/** Files with these names are meant to be images: one that cannot be read is an error, while other files are ignored. */
export const imageExtensions: ReadonlySet<string> = new Set([
  '.jpg',
  '.jpeg',
  '.jpe',
  '.jfif',
  '.png',
  '.webp',
  '.gif',
  '.tif',
  '.tiff',
  '.avif',
  '.heic',
  '.heif',
  '.bmp',
  '.pgm',
  '.ppm',
  '.pnm',
  '.jp2',
  '.jxl',
]);

/**
 * Reads `train/angry/…`, `test/…`, `val/…` or, without split folders, `angry/…` (split `all`). A folder `unlabelled` at the
 * top becomes a split of that name, one inside a split belongs to it. Hidden files and folders are passed over; folders inside
 * a class belong to it.
 * @throws UserError `unknown-class` listing every folder that needs a map, `bad-tree`, `empty-tree`, `unreadable-file`.
 */
export async function readFolderTree(dir: string, labels: LabelResolver): Promise<FolderTree> {
  const top = await list(dir);
  const ignored = [...top.files];
  const splits = top.dirs.filter((name) => splitNames.has(name.toLowerCase()));
  const roots: { path: string; split: string }[] = [];
  if (splits.length === 0) {
    roots.push({ path: '', split: 'all' });
  } else {
    const other = top.dirs.find((name) => !splits.includes(name) && labels.resolve(name) !== noLabel);
    if (other !== undefined)
      throw new UserError('bad-tree', `${dir}: expected only split folders beside ${splits.join(', ')}, found ${other}; move it elsewhere`);
    for (const name of splits) {
      const split = splitNames.get(name.toLowerCase()) as string;
      const twin = roots.find((root) => root.split === split);
      if (twin) throw new UserError('bad-tree', `${dir}: ${twin.path} and ${name} both mean the split ${split}; keep one of them`);
      roots.push({ path: name, split });
    }
    if (top.dirs.some((name) => labels.resolve(name) === noLabel)) roots.push({ path: '', split: unlabelledName });
  }

  const images: TreeImage[] = [];
  const unknown = new Set<string>();
  for (const root of roots) {
    const inside = root.path === '' ? top : await list(join(dir, root.path));
    if (root.path !== '') ignored.push(...inside.files.map((name) => `${root.path}/${name}`));
    const isTop = root.path === '';
    for (const name of inside.dirs) {
      if (isTop && splits.includes(name)) continue;
      const label = labels.resolve(name);
      if (label === undefined) {
        unknown.add(name);
        continue;
      }
      for (const path of await walk(dir, root.path === '' ? name : `${root.path}/${name}`)) {
        if (imageExtensions.has(extname(path).toLowerCase())) images.push({ path, split: isTop && label === noLabel ? unlabelledName : root.split, label });
        else ignored.push(path);
      }
    }
  }
  if (unknown.size > 0) throw await unknownClasses(dir, [...unknown].sort(order), labels);
  if (images.length === 0) throw await emptyTree(dir, top);
  images.sort((a, b) => order(a.split, b.split) || order(a.path, b.path));
  return { images, ignored: ignored.sort(order) };
}

/** Every image below `dir` as a row of the split `unlabelled`, whatever its folders are called. @throws UserError `empty-tree`, `unreadable-file`. */
export async function readUnlabelledTree(dir: string): Promise<FolderTree> {
  const { dirs, files } = await list(dir);
  const paths = [...files, ...(await Promise.all(dirs.map((name) => walk(dir, name)))).flat()].sort(order);
  const images = paths.filter((path) => imageExtensions.has(extname(path).toLowerCase()));
  if (images.length === 0) throw new UserError('empty-tree', `${dir}: expected images, found none`);
  const ignored = paths.filter((path) => !imageExtensions.has(extname(path).toLowerCase()));
  return { images: images.map((path) => ({ path, split: unlabelledName, label: noLabel })), ignored };
}

async function list(dir: string): Promise<{ dirs: string[]; files: string[] }> {
  const dirs: string[] = [];
  const files: string[] = [];
  try {
    for (const entry of await readdir(dir, { withFileTypes: true })) {
      if (entry.name.startsWith('.')) continue;
      // People link their data from elsewhere, so links are followed at these two levels.
      const isDirectory = entry.isSymbolicLink() ? (await stat(join(dir, entry.name))).isDirectory() : entry.isDirectory();
      (isDirectory ? dirs : files).push(entry.name);
    }
  } catch (error) {
    throw explainReadError(error, dir);
  }
  return { dirs: dirs.sort(order), files };
}

/** Every file below `path`. Links to folders are not followed here: one that points upwards would never end. */
async function walk(dir: string, path: string): Promise<string[]> {
  const found: string[] = [];
  try {
    for (const entry of await readdir(join(dir, path), { withFileTypes: true })) {
      if (entry.name.startsWith('.')) continue;
      const child = `${path}/${entry.name}`;
      if (entry.isDirectory()) found.push(...(await walk(dir, child)));
      else found.push(child);
    }
  } catch (error) {
    throw explainReadError(error, join(dir, path));
  }
  return found;
}

async function unknownClasses(dir: string, names: string[], labels: LabelResolver): Promise<UserError> {
  const [only] = names;
  if (only !== undefined && names.length === 1) {
    const inner = await list(join(dir, only)).catch(() => undefined);
    if (inner?.dirs.some((name) => splitNames.has(name.toLowerCase()))) {
      return new UserError('bad-tree', `${dir}: expected split or class folders, found ${only}, which has them inside; import ${join(dir, only)}`);
    }
  }
  if (names.every((name) => /^\d+$/.test(name))) {
    return new UserError(
      'unknown-class',
      `${dir}: class folders are numbers (${names.join(', ')}); say whose, as --form raf-db or --form affectnet, or what they stand for, as --map ${names[0]}=${labels.labels[0]}`,
    );
  }
  return labels.unknown(dir, names);
}

async function emptyTree(dir: string, top: { dirs: string[]; files: string[] }): Promise<UserError> {
  const csv = top.files.find((name) => extname(name).toLowerCase() === '.csv');
  const hint = csv ? `; to import the csv in it, give ${join(dir, csv)}` : '';
  return new UserError(
    'empty-tree',
    `${dir}: expected images in folders named by class, as ${basename(dir)}/train/happy/1.png, found none${hint || '; if nobody has labelled these yet, say --unlabelled'}`,
  );
}
