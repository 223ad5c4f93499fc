/// <reference path="./yauzl.d.ts" />
/** The pictures of a zip archive, read off its central directory one entry at a time. */
import { UserError } from '@mien/runtime';
import { type Entry, openPromise, type ZipFile } from 'yauzl';
import type { Item } from '../items/item.ts';
import { isPictureEntry, oversized, refuseUnsafeName } from './entry-check.ts';

const stored = 0;
const deflated = 8;

/** Throws `UserError` `bad-archive` or `unsafe-archive`. `skipped` is called for entries that are no pictures. */
export async function* listZip(archive: string, skipped: () => void): AsyncGenerator<Item> {
  let zip: ZipFile | undefined;
  try {
    zip = await openPromise(archive, { autoClose: false });
    for await (const entry of zip.eachEntry()) {
      refuseUnsafeName(archive, entry.fileName);
      if (entry.fileName.endsWith('/')) continue;
      if (isPictureEntry(entry.fileName)) yield await itemOf(archive, zip, entry);
      else skipped();
    }
  } catch (cause) {
    if (cause instanceof UserError) throw cause;
    const { message } = cause as Error;
    // yauzl checks names itself and says so in these words.
    if (/invalid relative path|absolute path|invalid characters in fileName/.test(message)) {
      throw new UserError('unsafe-archive', `${archive}: an entry would lie outside the archive (${message}); refused`, { cause });
    }
    throw new UserError('bad-archive', `${archive}: expected a zip archive, but it cannot be read as one (${message}); fetch it again`, { cause });
  } finally {
    zip?.close();
  }
}

async function itemOf(archive: string, zip: ZipFile, entry: Entry): Promise<Item> {
  const { fileName, compressionMethod: method, compressedSize, uncompressedSize: size, crc32: crc } = entry;
  const bad = (code: string, why: string): Item => ({ bad: archive, entry: fileName, code, message: `${archive}: ${fileName} ${why}` });
  if (entry.isEncrypted()) return bad('encrypted', 'is encrypted; unpack the archive with its password first');
  if (method !== stored && method !== deflated) return bad('unreadable-image', `is packed by method ${method}; only stored and deflated entries are read`);
  const tooLarge = oversized(archive, fileName, size);
  if (tooLarge) return tooLarge;
  const { fileDataStart: at } = await zip.readLocalFileHeaderPromise(entry, { minimal: true });
  return { archive, entry: fileName, at, size, crc, ...(method === deflated ? { deflated: compressedSize } : {}) };
}
