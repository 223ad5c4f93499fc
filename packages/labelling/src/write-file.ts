/** Files that are whole or not there: written beside, flushed to disk, renamed over. */
import { open, rename, rm } from 'node:fs/promises';
import { UserError } from '@mien/runtime';

/** Reasons a write fails that the person at the keyboard can mend. */
const reasons: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full; free space there',
  EDQUOT: 'the disk quota is used up; free space there',
  EACCES: 'no permission to write there; choose another place',
  EPERM: 'no permission to write there; choose another place',
  EROFS: 'the disk is read-only; choose another place',
  ENOENT: 'its folder does not exist',
  ENOTDIR: 'a part of the path is a file, not a folder; choose another place',
};

/** What a failed write means to a person, as a `UserError` `cannot-write`; other errors come back as they are. */
export function explainWriteError(error: unknown, file: string): unknown {
  const reason = reasons[(error as NodeJS.ErrnoException).code ?? ''];
  return reason ? new UserError('cannot-write', `${file}: ${reason}`, { cause: error }) : error;
}

/** Whether a failed write may succeed later without anyone asking for something else. */
export function isPassingTrouble(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT', 'ESTALE', 'ENOTCONN', 'EHOSTDOWN', 'ETIMEDOUT'].includes((error as NodeJS.ErrnoException).code ?? '');
}

/** Writes and flushes a file in place; for files inside a folder that is renamed as a whole. */
export async function writeFlushed(file: string, bytes: Uint8Array | string): Promise<void> {
  const handle = await open(file, 'w');
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Writes beside and renames over. Errors come as the file system gives them. */
export async function writeAtomically(file: string, bytes: Uint8Array | string): Promise<void> {
  const partial = `${file}.partial`;
  try {
    await writeFlushed(partial, bytes);
    await rename(partial, file);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}
