/**
 * The fifteen common corruptions of Hendrycks & Dietterich (ICLR 2019), written anew from the paper and from the published
 * definitions of its small data sets (CIFAR-10-C, Tiny-ImageNet-C). Every one is a function of picture, severity and
 * random numbers alone.
 */
import { randomFor } from '@mien/data';
import { defocusBlur, glassBlur, motionBlur, zoomBlur } from './blur.ts';
import { contrast, elastic, jpeg, pixelate } from './digital.ts';
import { gaussianNoise, impulseNoise, shotNoise } from './noise.ts';
import type { Corrupt, Severity } from './picture.ts';
import { brightness, fog, frost, snow } from './weather.ts';

/** By name, in the order of the paper. */
export const corruptions = {
  'gaussian noise': gaussianNoise,
  'shot noise': shotNoise,
  'impulse noise': impulseNoise,
  'defocus blur': defocusBlur,
  'glass blur': glassBlur,
  'motion blur': motionBlur,
  'zoom blur': zoomBlur,
  snow,
  frost,
  fog,
  brightness,
  contrast,
  elastic,
  pixelate,
  jpeg,
} as const satisfies Readonly<Record<string, Corrupt>>;

export type CorruptionName = keyof typeof corruptions;
export const corruptionNames = Object.keys(corruptions) as CorruptionName[];

export interface CorruptionShape {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

/**
 * Corrupts pixels [C,H,W], 0…255, in place. The random numbers depend on seed, corruption and row, not on the severity: a
 * row is hit in the same places at every severity.
 */
export async function corruptPixels(
  pixels: Uint8Array,
  shape: CorruptionShape,
  name: CorruptionName,
  severity: Severity,
  seed: number,
  row: number,
): Promise<void> {
  const picture = { ...shape, data: Float32Array.from(pixels, (v) => v / 255) };
  const { data } = await corruptions[name](picture, severity, randomFor(seed, 'corruption', name, row));
  for (let i = 0; i < pixels.length; i++) pixels[i] = Math.min(255, Math.max(0, Math.round(255 * data[i]!)));
}
