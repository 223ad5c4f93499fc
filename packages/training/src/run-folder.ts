/** The folder of one training run, and writing into it so that a crash leaves the old file or the new one, never half. */
import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

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

/** Writes beside, flushes to disk, then renames over. */
export function writeAtomically(file: string, bytes: Uint8Array | string): void {
  const partial = `${file}.partial`;
  const data = typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
  const fd = openSync(partial, 'w');
  try {
    let at = 0;
    while (at < data.length) at += writeSync(fd, data, at, data.length - at);
    fsyncSync(fd);
  } catch (error) {
    closeSync(fd);
    rmSync(partial, { force: true });
    throw error;
  }
  closeSync(fd);
  renameSync(partial, file);
}
