/** The points of a split's faces, for what needs them. */
import { eyeRoll, landmarkKind, landmarkCount, UserError } from '@mien/runtime';
import type { Split } from '../store/store.ts';

export interface SplitLandmarks {
  /** [N,68,2], in pixels of the stored images. */
  readonly points: Float32Array;
  /** [N], radians: how far each face must be turned for its eyes to lie level; 0 where they cannot be told, and in a store of level faces. */
  readonly rolls: Float64Array;
}

/** Reads them. Throws `UserError` `no-landmarks` where there are none; `who` needs them, as `model resnet18`. */
export async function splitLandmarks(split: Split, who: string): Promise<SplitLandmarks> {
  const points = await split.readLandmarks(landmarkKind);
  if (!points)
    throw new UserError(
      'no-landmarks',
      `${split.dir}: the store has no facial landmarks, which ${who} needs; find them with \`mien data landmarks ${split.dir}\``,
    );
  const rolls = new Float64Array(split.count);
  if (!split.isLevel) for (let row = 0; row < split.count; row++) rolls[row] = eyeRoll(pointsOfRow(points, row), split.image.width) ?? 0;
  return { points, rolls };
}

/** The points of one row [68,2], a view. */
export function pointsOfRow(points: Float32Array, row: number): Float32Array {
  return points.subarray(2 * landmarkCount * row, 2 * landmarkCount * (row + 1));
}
