/** Reading a whole file, with the mistakes of a path told to its user. */
import { readFile } from 'node:fs/promises';
import { UserError } from '../error.ts';

/**
 * The bytes of a file. Throws `UserError`: `not-found` for a path that does not exist, `not-a-file` for a folder,
 * `unreadable-file` where it may not be read, `empty-file` for 0 bytes.
 */
export async function readFileBytes(file: string): Promise<Uint8Array> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(file);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') throw new UserError('not-found', `${file}: there is no such file; check the path`, { cause });
    if (code === 'EISDIR') throw new UserError('not-a-file', `${file}: expected a file, this is a folder; name the files in it`, { cause });
    throw new UserError('unreadable-file', `${file}: cannot be read (${code ?? message}); check its permissions`, { cause });
  }
  if (bytes.length === 0) throw new UserError('empty-file', `${file}: expected an image or a model, the file has 0 bytes; fetch it again`);
  return bytes;
}

/** The bytes of a model file in a plain Uint8Array of its own. Errors as `readFileBytes`. */
export async function readModelFile(file: string): Promise<Uint8Array> {
  return new Uint8Array(await readFileBytes(file));
}
