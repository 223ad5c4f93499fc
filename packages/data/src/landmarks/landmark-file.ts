/**
 * Points of the faces of a store, beside its columns: `landmarks.u16`, and `landmarks.json`, which is written last and
 * says what the numbers are. They are not a column of the manifest, because they can always be found again: a store
 * that is written anew, as by a cleaning, starts without them.
 */
import { existsSync } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { landmarkCount, UserError } from '@mien/runtime';
import { z } from 'zod';

/** The format this code writes; another is refused. */
const landmarkFormatVersion = 1;
export const landmarkFile = 'landmarks.u16';
export const landmarkRecordFile = 'landmarks.json';
/** Values of one row: x, y of each point. */
const rowValues = 2 * landmarkCount;
/** Bytes of one row. */
export const landmarkRowBytes: number = 2 * rowValues;

const recordSchema = z.object({
  formatVersion: z.literal(landmarkFormatVersion),
  /** The network that found them, as `face-api-68`. */
  kind: z.string(),
  /** Rows, in the order of the store. */
  count: z.number().int().nonnegative(),
});
export type LandmarkRecord = z.infer<typeof recordSchema>;

export function landmarkRecord(kind: string, count: number): LandmarkRecord {
  return { formatVersion: landmarkFormatVersion, kind, count };
}

/** What stands beside the store in `dir`; undefined where nothing does. Throws `UserError` `corrupt-store` for what cannot be read or is of other rows. */
export async function readLandmarkRecord(dir: string, rows: number): Promise<LandmarkRecord | undefined> {
  const path = join(dir, landmarkRecordFile);
  if (!existsSync(path)) return undefined;
  let record: LandmarkRecord | undefined;
  try {
    record = recordSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    // The same mending helps whatever is wrong.
  }
  if (record?.count === rows) return record;
  throw new UserError(
    'corrupt-store',
    `${path}: does not describe landmarks of the ${rows} rows there are; find them anew with \`mien data landmarks ${dir} --force\``,
  );
}

/** Fractions of the image's side from −½ to 1½, as the network may put points outside, in 65,536 steps. */
export function encodePoints(points: Float32Array, sidePx: number, out: Uint16Array, offset: number): void {
  for (const [i, value] of points.entries()) out[offset + i] = Math.min(65_535, Math.max(0, Math.round((value / sidePx + 0.5) * 32_767.5)));
}

/** The inverse, in pixels. */
function decodePoints(stored: Uint16Array, sidePx: number): Float32Array {
  return Float32Array.from(stored, (value) => (value / 32_767.5 - 0.5) * sidePx);
}

/** Points of rows start…start+count−1 of the store, [count,68,2] in pixels of its images. */
export async function readLandmarkRows(dir: string, start: number, count: number, sidePx: number): Promise<Float32Array> {
  const path = join(dir, landmarkFile);
  const bytes = new Uint8Array(count * landmarkRowBytes);
  const file = await open(path);
  try {
    const { bytesRead } = await file.read(bytes, 0, bytes.length, start * landmarkRowBytes);
    if (bytesRead < bytes.length)
      throw new UserError('corrupt-store', `${path}: ends early; find the landmarks anew with \`mien data landmarks ${dir} --force\``);
  } finally {
    await file.close();
  }
  return decodePoints(new Uint16Array(bytes.buffer), sidePx);
}
