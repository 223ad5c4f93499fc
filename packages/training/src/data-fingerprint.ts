/** What a store holds, in a few numbers: a training that goes on must go on with the data it began with. */
import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { openStore, type Store } from '@mien/data';
import { UserError } from '@mien/runtime';

export interface DataFingerprint {
  readonly name: string;
  /** Images in all splits. */
  readonly count: number;
  /** Of splits, sources, labels, votes and some of the images. */
  readonly hash: string;
  /** Of who is in the images, by whom rows are held out; '' where the store knows nobody, undefined in folders of earlier versions. */
  readonly people?: string;
}

/** So many images, evenly apart, stand for all: two imports of one source at another size or crop differ in each. */
const sampledImages = 64;
const readAtOnce = 1 << 22;

/** Feeds bytes start…end−1 of a file to the hash, a few megabytes at a time. */
async function hashRange(handle: FileHandle, start: number, end: number, into: (bytes: Uint8Array) => void): Promise<void> {
  const buffer = Buffer.alloc(Math.min(readAtOnce, end - start));
  for (let at = start; at < end; ) {
    const { bytesRead } = await handle.read(buffer, 0, Math.min(buffer.length, end - at), at);
    if (bytesRead === 0) return;
    into(buffer.subarray(0, bytesRead));
    at += bytesRead;
  }
}

async function withFile(file: string, use: (handle: FileHandle) => Promise<void>): Promise<void> {
  const handle = await open(file, 'r');
  try {
    await use(handle);
  } finally {
    await handle.close();
  }
}

/**
 * Labels and votes are hashed whole, a few bytes a row: a million rows take a moment; those a recipe hides too, for nothing is learnt
 * from a checksum. What can be found anew, as landmarks, does not count.
 */
async function hashOf({ dir, manifest }: Store): Promise<string> {
  const hash = createHash('sha256');
  const { count, image, align, labels, splits, sources, columns } = manifest;
  const rows = splits.map(({ name, start, count: n }) => ({ name, start, n }));
  hash.update(JSON.stringify({ count, image, align, labels, rows, sources: sources.map(({ name, split, count: n }) => ({ name, split, n })) }));
  const add = (bytes: Uint8Array): void => void hash.update(bytes);
  for (const column of [columns.labels, columns.votes]) {
    if (column) await withFile(join(dir, column.file), (handle) => hashRange(handle, 0, Number.POSITIVE_INFINITY, add));
  }
  const bytes = image.channels * image.height * image.width;
  await withFile(join(dir, columns.images.file), async (handle) => {
    const some = Math.min(sampledImages, count);
    for (let i = 0; i < some; i++) {
      const row = Math.floor((i * count) / some);
      await hashRange(handle, row * bytes, (row + 1) * bytes, add);
    }
  });
  return hash.digest('hex').slice(0, 32);
}

/** '' where the store knows nobody. */
async function peopleOf({ dir, manifest }: Store): Promise<string> {
  const { subject } = manifest.columns;
  if (!subject) return '';
  const hash = createHash('sha256').update(JSON.stringify(subject.names));
  await withFile(join(dir, subject.file), (handle) => hashRange(handle, 0, Number.POSITIVE_INFINITY, (bytes) => void hash.update(bytes)));
  return hash.digest('hex').slice(0, 32);
}

/** Of the store in a folder. Throws `UserError` as opening it does. */
export async function fingerprintOf(dir: string): Promise<DataFingerprint> {
  const store = await openStore(dir);
  try {
    const { name, count } = store.manifest;
    return { name, count, hash: await hashOf(store), people: await peopleOf(store) };
  } finally {
    await store.close();
  }
}

/** Throws `UserError` `other-data` where `now` is not the data that `out` was begun with; `before` is undefined in folders of earlier versions. */
export function checkSameData(before: DataFingerprint | undefined, now: DataFingerprint, out: string, what: string): void {
  const isSame = (field: 'hash' | 'name' | 'count' | 'people'): boolean => before?.[field] === now[field];
  if (!before || (isSame('hash') && isSame('name') && isSame('count') && (before.people === undefined || isSame('people')))) return;
  const described = ({ name, count }: DataFingerprint): string => `${name} of ${count} images`;
  const same = described(before) === described(now) ? ', with other labels, splits, people or images' : '';
  throw new UserError(
    'other-data',
    `${out}: the ${what} was begun with other data (${described(before)}, now ${described(now)}${same}); go on with that --data, or start in another --out`,
  );
}
