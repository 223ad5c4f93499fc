/** The moment a store appears at its place: before it there is no store there, or the old one; after it the whole new one. */
import { existsSync, linkSync, mkdirSync, readdirSync, readFileSync, renameSync, rmdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '@mien/runtime';
import { manifestFile } from './manifest.ts';
import { codeOf } from './write-errors.ts';

/** Names of temporary directories begin with this; they do not count as contents of a directory. */
export const stagedPrefix = '.partial-';
/** An old store while it is being replaced has the new one's temporary name and this. */
export const oldSuffix = '.old';
const fileSystemsOwn = new Set(['lost+found', '.DS_Store']);

/**
 * Refuses a place that holds something, unless it is a store and `force` allows to replace it.
 * @throws UserError `exists`, `not-a-store`.
 */
export function checkPlace(target: string, force: boolean): void {
  if (!isFilled(target)) return;
  if (!force) {
    throw new UserError(
      'exists',
      `${target}: expected a new or empty directory, this one has something in it; choose another place, or --force to replace a store`,
    );
  }
  if (!isStore(target)) throw new UserError('not-a-store', `${target}: only a store can be replaced, and this directory is none; choose another place`);
}

/** Renames `staged`, which stands beside `target`, to `target`. Of two at once without force, the second is refused. */
export function publishBeside(staged: string, target: string, force: boolean): void {
  const old = staged + oldSuffix;
  for (let attempt = 0; ; attempt++) {
    checkPlace(target, force);
    try {
      if (isFilled(target)) renameSync(target, old);
      else if (process.platform === 'win32' && existsSync(target)) rmdirSync(target);
      renameSync(staged, target);
      rmSync(old, { recursive: true, force: true });
      return;
    } catch (error) {
      // Another import put its store there, or took the old one away, since we looked: look again.
      const code = codeOf(error);
      const raced = code === 'ENOTEMPTY' || code === 'EEXIST' || (code === 'ENOENT' && existsSync(staged));
      if (raced && attempt < 50) {
        rmSync(old, { recursive: true, force: true });
        continue;
      }
      if (existsSync(old) && !existsSync(target)) renameSync(old, target);
      throw error;
    }
  }
}

/**
 * Moves the files of `staged`, which stands inside `target`, up into it, the manifest last: for a target that cannot be
 * renamed, as a mounted volume. A hard link never overwrites, so of two at once the second fails at its first file.
 */
export function publishInside(staged: string, target: string, force: boolean): void {
  checkPlace(target, force);
  const old = staged + oldSuffix;
  const moved: string[] = [];
  try {
    if (isFilled(target)) {
      mkdirSync(old);
      const names = readdirSync(target).filter(counts);
      for (const name of [manifestFile, ...names.filter((each) => each !== manifestFile)]) renameSync(join(target, name), join(old, name));
    }
    const names = readdirSync(staged);
    for (const name of names.sort((a, b) => Number(a === manifestFile) - Number(b === manifestFile))) {
      // Directories cannot be linked; a rename does not overwrite one that has something in it either.
      if (statSync(join(staged, name)).isDirectory()) renameSync(join(staged, name), join(target, name));
      else linkSync(join(staged, name), join(target, name));
      moved.push(name);
    }
  } catch (error) {
    for (const name of moved) rmSync(join(target, name), { recursive: true, force: true });
    if (existsSync(old)) for (const name of readdirSync(old).reverse()) renameSync(join(old, name), join(target, name));
    if (codeOf(error) === 'EEXIST')
      throw new UserError('exists', `${target}: another import has put a store there meanwhile; choose another place`, { cause: error });
    throw error;
  }
  rmSync(old, { recursive: true, force: true });
  rmSync(staged, { recursive: true, force: true });
}

/**
 * Gives back the old store where a process was killed in the middle of {@link publishInside}: the manifest leaves first
 * and comes last, so as long as there is none, the new store is not whole.
 */
export function takeBackInside(target: string, old: string): void {
  if (existsSync(join(target, manifestFile)) || !existsSync(join(old, manifestFile))) return;
  const staged = old.slice(0, -oldSuffix.length);
  for (const name of existsSync(staged) ? readdirSync(staged) : []) {
    const published = join(target, name);
    if (existsSync(published) && statSync(published).ino === statSync(join(staged, name)).ino) rmSync(published);
  }
  for (const name of readdirSync(old).sort((a, b) => Number(a === manifestFile) - Number(b === manifestFile))) renameSync(join(old, name), join(target, name));
}

function isFilled(target: string): boolean {
  try {
    return readdirSync(target).some(counts);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    if (codeOf(error) === 'ENOTDIR') throw new UserError('exists', `${target}: expected a new or empty directory, this is a file; choose another place`);
    throw error;
  }
}

function counts(name: string): boolean {
  return !name.startsWith(stagedPrefix) && !fileSystemsOwn.has(name);
}

function isStore(dir: string): boolean {
  try {
    const value: unknown = JSON.parse(readFileSync(join(dir, manifestFile), 'utf8'));
    return typeof (value as { formatVersion?: unknown } | null)?.formatVersion === 'number';
  } catch {
    return false;
  }
}
