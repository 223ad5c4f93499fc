/** A store whose faces are turned so that their eyes lie level. */
import { join } from 'node:path';
import { writeFile } from 'node:fs/promises';
import { eyeRoll, landmarkKind, Preprocessor, UserError, wholeSquare } from '@mien/runtime';
import { movePoints } from '../augment/move-points.ts';
import { identityMap, setLevel } from '../augment/affine-map.ts';
import { writerLike } from '../clean/rewrite.ts';
import type { HistoryEntry, ImageLayout, Manifest } from '../store/manifest.ts';
import { toPicture } from '../store/picture.ts';
import { readRows } from '../store/rows.ts';
import { openStore, type Store } from '../store/store.ts';
import type { StoreWriter } from '../store/writer.ts';
import { encodePoints, landmarkFile, landmarkRecord, landmarkRecordFile, landmarkRowBytes } from './landmark-file.ts';
import { checkSquare } from './find-landmarks.ts';
import { pointsOfRow, splitLandmarks } from './split-landmarks.ts';

export interface AlignOptions {
  /** Directory of the new store. */
  readonly out: string;
  /** Replace a store that stands there. */
  readonly force?: boolean | undefined;
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

export interface AlignReport {
  readonly out: string;
  readonly manifest: Manifest;
  /** Faces that were turned. */
  readonly turned: number;
  /** Faces whose eyes could not be told, left as they were. */
  readonly left: number;
  /** Median of how far faces were turned, degrees. */
  readonly medianDeg: number;
}

/**
 * Writes a store like the one in `dir` with every face turned about the centre of its image (bilinear, edges repeated)
 * and its points moved with it. Cleanings of before cannot be undone in it.
 * @throws UserError `no-landmarks`, `not-square`, `already-level`, and those of writing a store.
 */
export async function alignStore(dir: string, { out, force, onProgress }: AlignOptions): Promise<AlignReport> {
  const store = await openStore(dir);
  try {
    checkSquare(store);
    if (store.manifest.align) throw new UserError('already-level', `${dir}: its faces are level already; use it as it is`);
    const entry: HistoryEntry = { kind: 'align', at: new Date().toISOString(), note: `eyes level, by ${landmarkKind}`, dropped: 0, relabelled: 0, moved: 0 };
    const history = [...store.manifest.history.map(({ undo: _, ...done }) => done), entry];
    const writer = writerLike(store, { out, force, locked: (split) => store.isLocked(split), history, align: 'eyes-level' });
    try {
      const degrees = await turnRows(store, writer, onProgress);
      const sorted = degrees.filter((value) => value !== undefined).sort((a, b) => a - b);
      const manifest = writer.finish();
      return { out, manifest, turned: sorted.length, left: degrees.length - sorted.length, medianDeg: sorted[sorted.length >> 1] ?? 0 };
    } catch (error) {
      writer.discard();
      throw error;
    }
  } finally {
    await store.close();
  }
}

/** Copies every row, turned; how far each was, in degrees. */
async function turnRows(store: Store, writer: StoreWriter, onProgress: AlignOptions['onProgress']): Promise<(number | undefined)[]> {
  const { image, count, splits } = store.manifest;
  const turner = new Turner(image);
  const stored = new Uint16Array((count * landmarkRowBytes) / 2);
  const moved = new Float32Array(landmarkRowBytes / 2);
  const degrees: (number | undefined)[] = [];
  const map = identityMap();
  // Splits keep their order, as they stand in the order that the writer gives them.
  for (const { name } of splits) {
    const split = await store.split(name);
    const { points } = await splitLandmarks(split, 'aligning');
    for await (const row of readRows(split)) {
      const face = pointsOfRow(points, row.position);
      const roll = eyeRoll(face, image.width);
      setLevel(map, { ...image, outHeight: image.height, outWidth: image.width }, roll ?? 0);
      movePoints(face, 0, map, moved);
      encodePoints(moved, image.width, stored, degrees.length * moved.length);
      writer.append({ ...row, image: roll === undefined ? row.image : turner.turn(row.image, roll) });
      degrees.push(roll && (Math.abs(roll) * 180) / Math.PI);
      if (degrees.length % 500 === 0) onProgress?.(degrees.length, count);
    }
  }
  await writeFile(join(writer.stagedDir, landmarkFile), new Uint8Array(stored.buffer));
  await writeFile(join(writer.stagedDir, landmarkRecordFile), `${JSON.stringify(landmarkRecord(landmarkKind, count))}\n`);
  return degrees;
}

/** Turns stored images with the one preprocessing, so that pixels are those a recogniser makes of the upright image. */
class Turner {
  readonly #image: ImageLayout;
  readonly #preprocessor: Preprocessor;

  constructor(image: ImageLayout) {
    const { channels, height, width } = image;
    this.#image = image;
    this.#preprocessor = new Preprocessor({
      input: { name: 'image', shape: [channels, height, width] },
      color: channels === 1 ? 'gray' : 'rgb',
      crop: { scale: 1, shift: [0, 0], align: 'eyes-level', square: true },
      resize: 'area-bilinear',
      resizeTo: [height, width],
      mean: [0],
      std: [1],
    });
  }

  /** [C,H,W] → [C,H,W], 0…255. */
  turn(pixels: Uint8Array, rollRad: number): Uint8Array {
    const turned = this.#preprocessor.write(toPicture(pixels, this.#image), { ...wholeSquare(this.#image), rollRad });
    return Uint8Array.from(turned, (value) => Math.round(255 * value));
  }
}
