/** The pictures of a tar archive, found by its headers; the data between them is not read. */
import { createWriteStream } from 'node:fs';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { UserError } from '@mien/runtime';
import { Header, Pax } from 'tar';
import type { Item } from '../items/item.ts';
import { explainWriteError } from '../write-file.ts';
import { isPictureEntry, oversized, refuseUnsafeName } from './entry-check.ts';

const blockBytes = 512;
/** Headers that only carry names are short. */
const longestExtension = 1 << 20;

export interface TarFile {
  /** What the user named. */
  readonly archive: string;
  /** The file with the bytes where that is another one. */
  readonly from?: string;
}

/** Throws `UserError` `not-found`, `bad-archive` or `unsafe-archive`. `skipped` is called for entries that are no pictures. */
export async function* listTar({ archive, from }: TarFile, skipped: () => void): AsyncGenerator<Item> {
  const handle = await openArchive(from ?? archive);
  try {
    yield* entriesOf(handle, { archive, ...(from === undefined ? {} : { from }) }, skipped);
  } catch (cause) {
    if (cause instanceof UserError) throw cause;
    // Headers whose numbers and names cannot be made out, and what the disk says.
    throw new UserError('bad-archive', `${archive}: expected a tar archive, but it cannot be read as one (${(cause as Error).message}); fetch it again`, {
      cause,
    });
  } finally {
    await handle.close();
  }
}

async function* entriesOf(handle: FileHandle, { archive, from }: TarFile, skipped: () => void): AsyncGenerator<Item> {
  const bad = (why: string): UserError => new UserError('bad-archive', `${archive}: expected a tar archive, ${why}; fetch it again`);
  const { size: end } = await handle.stat();
  let at = 0;
  let extended: Pax | undefined;
  let global: Pax | undefined;
  let longName: string | undefined;
  while (at + blockBytes <= end) {
    const header = new Header(await readAt(handle, at, blockBytes), 0, extended, global);
    if (header.nullBlock) {
      if (at === 0) throw bad('the file begins with zeros');
      return;
    }
    if (!header.cksumValid) throw bad(`the header at byte ${at} is damaged`);
    const size = header.size ?? 0;
    const data = at + blockBytes;
    at = data + Math.ceil(size / blockBytes) * blockBytes;
    if (data + size > end) throw bad(`it ends in the middle of ${header.path}`);
    if (header.type === 'ExtendedHeader' || header.type === 'GlobalExtendedHeader' || header.type === 'NextFileHasLongPath') {
      if (size > longestExtension) throw bad(`a name of ${size} bytes cannot be right`);
      const text = (await readAt(handle, data, size)).toString('utf8');
      if (header.type === 'ExtendedHeader') extended = Pax.parse(text, extended, false);
      else if (header.type === 'GlobalExtendedHeader') global = Pax.parse(text, global, true);
      else longName = text.replace(/\0.*$/s, '');
      continue;
    }
    const entry = longName ?? header.path ?? '';
    extended = undefined;
    longName = undefined;
    refuseUnsafeName(archive, entry);
    if (header.type !== 'File' && header.type !== 'OldFile' && header.type !== 'ContiguousFile') continue;
    if (isPictureEntry(entry)) yield oversized(archive, entry, size) ?? { archive, entry, ...(from ? { from } : {}), at: data, size };
    else skipped();
  }
  if (at === 0) throw bad('the file is shorter than one header');
}

/**
 * Unpacks a compressed tar into a plain one: workers begin in the middle of it, which gzip does not allow.
 * Pictures hardly shrink by gzip, so it takes about the space of the archive. Written beside and renamed.
 */
export async function decompressTar(archive: string, to: string, signal?: AbortSignal): Promise<void> {
  const partial = `${to}.partial`;
  const source = await openArchive(archive);
  try {
    await pipeline(source.createReadStream(), createGunzip(), createWriteStream(partial, { flush: true }), ...(signal ? [{ signal }] : []));
    await rename(partial, to);
  } catch (cause) {
    await rm(partial, { force: true });
    const { code, syscall } = cause as NodeJS.ErrnoException;
    if (code?.startsWith('Z_') || syscall === 'read') {
      throw new UserError('bad-archive', `${archive}: expected a gzip-compressed tar archive, but it cannot be unpacked (${(cause as Error).message})`, {
        cause,
      });
    }
    throw explainWriteError(cause, to);
  } finally {
    await source.close();
  }
}

async function openArchive(file: string): Promise<FileHandle> {
  try {
    return await open(file, 'r');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') throw new UserError('not-found', `${file}: there is no such archive; check the path`, { cause });
    throw new UserError('bad-archive', `${file}: expected a tar archive, but it cannot be opened (${code}); check the path and its permissions`, { cause });
  }
}

async function readAt(handle: FileHandle, at: number, size: number): Promise<Buffer> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(size), 0, size, at);
  return buffer.subarray(0, bytesRead);
}
