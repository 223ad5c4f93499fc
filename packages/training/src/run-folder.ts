/** The folder of one training run, and writing into it so that a crash leaves the old file or the new one, never half. */
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '@mien/runtime';

export interface RunFolder {
  readonly dir: string;
  /** The recipe with every default and override filled in. */
  readonly recipe: string;
  /** One JSON object a line: steps, epochs, what happened. */
  readonly log: string;
  /** Everything needed to go on. */
  readonly last: string;
  /** The exported model of the best epoch so far. */
  readonly model: string;
  /** Process number of the training that is using the folder. */
  readonly lock: string;
}

export function runFolder(dir: string): RunFolder {
  return {
    dir,
    recipe: join(dir, 'recipe.json'),
    log: join(dir, 'log.jsonl'),
    last: join(dir, 'last.safetensors'),
    model: join(dir, 'model.onnx'),
    lock: join(dir, 'lock'),
  };
}

export function isRunFolder(dir: string): boolean {
  return existsSync(join(dir, 'recipe.json'));
}

/** What a failed write means for the person who asked for it; other errors come back as they are. */
export function explainWriteError(error: unknown, file: string): unknown {
  const reasons: Record<string, string> = {
    ENOSPC: 'the disk is full; what was saved before is kept. Free space, then go on',
    EDQUOT: 'the disk quota is used up; what was saved before is kept. Free space, then go on',
    EACCES: 'no permission to write here; choose another place',
    EROFS: 'the disk is read-only; choose another place',
    ENOENT: 'its folder does not exist; make it first',
    ENOTDIR: 'a part of the path is a file, not a folder; choose another place',
    EEXIST: 'a file of this name stands where a folder is needed; choose another place',
    EISDIR: 'this is a folder, a file is needed; give a file name',
  };
  const reason = reasons[(error as NodeJS.ErrnoException).code ?? ''];
  return reason ? new UserError('cannot-write', `${file}: ${reason}`, { cause: error }) : error;
}

/** Makes the folder, with those above it. Throws `UserError` where that cannot be. */
export function makeFolder(dir: string): void {
  try {
    mkdirSync(dir, { recursive: true });
  } catch (error) {
    throw explainWriteError(error, dir);
  }
}

/** Writes beside, flushes to disk, then renames over. Throws `UserError` when the place cannot be written. */
export function writeAtomically(file: string, bytes: Uint8Array | string): void {
  const partial = `${file}.partial`;
  const data = typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
  let fd: number | undefined;
  try {
    fd = openSync(partial, 'w');
    let at = 0;
    while (at < data.length) at += writeSync(fd, data, at, data.length - at);
    fsyncSync(fd);
    closeSync(fd);
    fd = undefined;
    renameSync(partial, file);
  } catch (error) {
    if (fd !== undefined) closeSync(fd);
    rmSync(partial, { force: true });
    throw explainWriteError(error, file);
  }
}
