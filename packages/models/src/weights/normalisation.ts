/**
 * Weights learned on images normalised in one way, made to see images normalised in another.
 *
 * A network that expects x = (v − M) / S per channel is given u = (v − m) / s instead, v being the pixel in 0…1. As
 * x = (s·u + m − M) / S, its first convolution does the same with weights w·s/S and Σ w·(m − M)/S added to its output.
 * The same up to borders: padding is zero in x, that is v = M, before, and v = m after.
 */
import type { Shape } from '@mien/onnx';

/** Pixels v in 0…1 enter as (v − mean) / std; one entry a channel, or one for all. */
export interface Normalisation {
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** What weights trained on ImageNet by torchvision and most of timm expect, R G B. */
export const imagenetNormalisation: Normalisation = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };

/** Pixels scaled to −1…1, as InceptionV3 and many vision transformers have them. */
export const symmetricNormalisation: Normalisation = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] };

function entry(values: readonly number[], c: number): number {
  return values[Math.min(c, values.length - 1)]!;
}

/** True where both do the same to `channels` channels. */
export function isSameNormalisation(a: Normalisation, b: Normalisation, channels: number): boolean {
  return Array.from({ length: channels }, (_, c) => c).every((c) => entry(a.mean, c) === entry(b.mean, c) && entry(a.std, c) === entry(b.std, c));
}

/**
 * The first convolution's weights [O,C,kh,kw], learned on images normalised as `expects`, for images normalised as `gets`,
 * and what has to be added to its output, [O].
 */
export function renormalise(data: Float32Array, shape: Shape, expects: Normalisation, gets: Normalisation): { data: Float32Array; shift: Float32Array } {
  const [O, C, kh, kw] = shape as [number, number, number, number];
  const plane = kh * kw;
  const scaled = new Float32Array(data.length);
  const shift = new Float32Array(O);
  for (let o = 0; o < O; o++) {
    for (let c = 0; c < C; c++) {
      const scale = entry(gets.std, c) / entry(expects.std, c);
      const offset = (entry(gets.mean, c) - entry(expects.mean, c)) / entry(expects.std, c);
      for (let i = (o * C + c) * plane; i < (o * C + c + 1) * plane; i++) {
        scaled[i] = data[i]! * scale;
        shift[o]! += data[i]! * offset;
      }
    }
  }
  return { data: scaled, shift };
}
