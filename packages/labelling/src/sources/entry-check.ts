/// <reference path="./yauzl.d.ts" />
/** What an archive's entry must be to become an item. */
import { UserError } from '@mien/runtime';
import { validateFileName } from 'yauzl';
import type { BadItem } from '../items/item.ts';
import { kindOfFile, largestEntryBytes } from './file-kinds.ts';

/**
 * Refuses an archive with an entry that would leave it (`../`, absolute, a drive). Nothing is ever unpacked to such a
 * path; but who made it meant harm or erred, and either is worth knowing before a million pictures are read.
 */
export function refuseUnsafeName(archive: string, name: string): void {
  const reason = name.includes('\0') ? 'a null byte' : validateFileName(name);
  if (reason) throw new UserError('unsafe-archive', `${archive}: entry ${JSON.stringify(name)} would lie outside the archive (${reason}); refused`);
}

export function isPictureEntry(name: string): boolean {
  return kindOfFile(name) === 'picture' && !/(^|\/)(\._|__MACOSX\/)/.test(name);
}

/** An item that says why an entry cannot be used, or undefined where its size is fine. */
export function oversized(archive: string, entry: string, size: number): BadItem | undefined {
  if (size <= largestEntryBytes) return undefined;
  return {
    bad: archive,
    entry,
    code: 'image-too-large',
    message: `${archive}: ${entry} has ${size} bytes, at most ${largestEntryBytes} are read from an archive; take it out and shrink it`,
  };
}
