/** Finds the points of every face of a store and keeps them beside it. What a kill leaves is gone on with. */
import { existsSync } from 'node:fs';
import { open, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type LandmarkFinder, UserError, wholeSquare } from '@mien/runtime';
import { toPicture } from '../store/picture.ts';
import { openStore, type Store } from '../store/store.ts';
import { explainWriteError } from '../store/write-errors.ts';
import { encodePoints, landmarkFile, landmarkRecord, landmarkRecordFile, landmarkRowBytes, readLandmarkRecord } from './landmark-file.ts';

export interface FindLandmarksOptions {
  /** Stays open. */
  readonly finder: LandmarkFinder;
  /** Find them again where they are known. */
  readonly force?: boolean | undefined;
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface LandmarkReport {
  readonly dir: string;
  readonly kind: string;
  readonly rows: number;
  /** Rows that were already known, from before or from a run that was cut short. */
  readonly known: number;
}

/** Rows between two writes. */
const blockRows = 32;

/** Points are looked for in a square, which is the whole image. */
export function checkSquare({ dir, manifest: { image } }: Store): void {
  if (image.height !== image.width)
    throw new UserError(
      'not-square',
      `${dir}: its images are ${image.height}×${image.width} pixels, landmarks need square ones; import the data with --size ${image.height}`,
    );
}

/**
 * Writes `landmarks.u16` and `landmarks.json` into the store. Aborting keeps what was found so far.
 * @throws UserError `not-square`, `cannot-write`, `disk-full`, those of `openStore`; the signal's reason.
 */
export async function findLandmarks(dir: string, { finder, force, onProgress, signal }: FindLandmarksOptions): Promise<LandmarkReport> {
  const store = await openStore(dir);
  try {
    checkSquare(store);
    const rows = store.manifest.count;
    const { kind } = finder;
    if (!force && (await readLandmarkRecord(dir, rows))?.kind === kind) return { dir, kind, rows, known: rows };
    // Points of another network must not be gone on with.
    const part = join(dir, `${landmarkFile}.${kind}.part`);
    if (force) await rm(part, { force: true });
    const known = await writePoints(store, part, { finder, onProgress, signal });
    await rm(join(dir, landmarkRecordFile), { force: true });
    await rename(part, join(dir, landmarkFile));
    const record = join(dir, landmarkRecordFile);
    await writeFile(`${record}.part`, `${JSON.stringify(landmarkRecord(kind, rows))}\n`);
    await rename(`${record}.part`, record);
    return { dir, kind, rows, known };
  } catch (error) {
    throw explainWriteError(error, dir);
  } finally {
    await store.close();
  }
}

/** Appends what is missing; how many rows there were. */
async function writePoints(store: Store, part: string, { finder, onProgress, signal }: FindLandmarksOptions): Promise<number> {
  const { count: total, image } = store.manifest;
  const square = wholeSquare(image);
  const file = await open(part, existsSync(part) ? 'r+' : 'w+');
  try {
    // A write that was cut short is made again.
    const known = Math.min(total, Math.floor((await file.stat()).size / landmarkRowBytes));
    for (const { name, start, count } of store.manifest.splits) {
      const split = await store.split(name);
      for (let row = Math.max(start, known); row < start + count; row += blockRows) {
        signal?.throwIfAborted();
        const rows = Math.min(blockRows, start + count - row);
        const pixels = await split.readImages(row - start, rows);
        const pictures = Array.from({ length: rows }, (_, i) => toPicture(pixels.subarray(i * split.imageBytes, (i + 1) * split.imageBytes), image));
        const faces = await finder.find(pictures, new Array(rows).fill(square));
        const stored = new Uint16Array((rows * landmarkRowBytes) / 2);
        for (const [i, points] of faces.entries()) encodePoints(points, image.width, stored, (i * landmarkRowBytes) / 2);
        await file.write(new Uint8Array(stored.buffer), 0, stored.byteLength, row * landmarkRowBytes);
        onProgress?.(row + rows, total);
      }
    }
    await file.truncate(total * landmarkRowBytes);
    await file.sync();
    return known;
  } finally {
    await file.close();
  }
}
