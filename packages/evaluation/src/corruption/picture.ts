/** The picture corruptions work on, and how a constant of theirs depends on its size. */
import type { Rng } from '@mien/data';

/** Planar [C,H,W], values 0…1; C is 1 (grey) or 3 (RGB). */
export interface Picture {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly data: Float32Array;
}

export type Severity = 1 | 2 | 3 | 4 | 5;
export const severities: readonly Severity[] = [1, 2, 3, 4, 5];

/** A new picture of the same size; values may leave 0…1 and are clipped by the caller. */
export type Corrupt = (picture: Picture, severity: Severity, random: Rng) => Picture | Promise<Picture>;

/** Constants of one corruption: of severity 1 to 5, each a tuple. */
export type Constants = readonly (readonly number[])[];

/** Below this side the constants of 32 px are nearer by ratio, from it on those of 64. */
const between = Math.sqrt(32 * 64);

/**
 * The constants for a picture of this size, as Hendrycks & Dietterich published them for sides of 32 (CIFAR-10-C) and of 64 px
 * (Tiny-ImageNet-C): the set nearer to the picture's smaller side. 48 px takes that of 64.
 */
export function constantsFor(
  { height, width }: Pick<Picture, 'height' | 'width'>,
  severity: Severity,
  side32: Constants,
  side64: Constants,
): readonly number[] {
  return (Math.min(height, width) < between ? side32 : side64)[severity - 1]!;
}

/** A picture of the same size whose values are computed one by one. */
export function mapValues(picture: Picture, value: (v: number, at: number) => number): Picture {
  return { ...picture, data: picture.data.map(value) };
}

/** Rec. 601 luma of every pixel, [H,W]. */
export function luma({ channels, height, width, data }: Picture): Float32Array {
  const plane = height * width;
  if (channels === 1) return data.slice();
  return Float32Array.from({ length: plane }, (_, p) => 0.299 * data[p]! + 0.587 * data[plane + p]! + 0.114 * data[2 * plane + p]!);
}

/** One plane on all channels. */
export function fromPlane(plane: Float32Array, { channels, height, width }: Picture): Picture {
  const data = new Float32Array(channels * plane.length);
  for (let c = 0; c < channels; c++) data.set(plane, c * plane.length);
  return { channels, height, width, data };
}
