/** Regions of a face crop that can be covered, to see what a model leans on. */
import type { CorruptionShape } from './corruptions.ts';

/** Left, top, right and bottom as shares of the crop's sides. */
type Region = readonly [left: number, top: number, right: number, bottom: number];

/**
 * Places around the landmarks of FER2013's crops. Medians over 283 Training rows (320 spread over the file, enlarged to
 * 120 px, landmarks by YuNet; quartiles within ± 0.04): eyes at 0.33 and 0.68 across, 0.39 down; nose 0.51, 0.59; corners of
 * the mouth 0.36 and 0.66, 0.74. Left and right are those of the picture.
 */
export const faceRegions = {
  eyes: [0.16, 0.27, 0.84, 0.49],
  nose: [0.36, 0.47, 0.66, 0.66],
  mouth: [0.24, 0.65, 0.78, 0.85],
  'left half': [0, 0, 0.5, 1],
  'right half': [0.5, 0, 1, 1],
  'upper half': [0, 0, 1, 0.5],
  'lower half': [0, 0.5, 1, 1],
} as const satisfies Readonly<Record<string, Region>>;

export type FaceRegion = keyof typeof faceRegions;
export const faceRegionNames = Object.keys(faceRegions) as FaceRegion[];

/** Part of the crop a region covers, 0…1. */
export function regionArea(region: FaceRegion): number {
  const [left, top, right, bottom] = faceRegions[region];
  return (right - left) * (bottom - top);
}

/** Covers a region of pixels [C,H,W] with the mean of each channel, in place. */
export function coverRegion(pixels: Uint8Array, { channels, height, width }: CorruptionShape, region: FaceRegion): void {
  const [left, top, right, bottom] = faceRegions[region];
  const plane = height * width;
  for (let c = 0; c < channels; c++) {
    const channel = pixels.subarray(c * plane, (c + 1) * plane);
    const mean = Math.round(channel.reduce((a, b) => a + b, 0) / plane);
    for (let y = Math.round(top * height); y < Math.round(bottom * height); y++) {
      channel.fill(mean, y * width + Math.round(left * width), y * width + Math.round(right * width));
    }
  }
}
