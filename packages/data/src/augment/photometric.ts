/** Brightness, contrast and blur of a sample in 0…1. */
import type { Rng } from '../random.ts';
import { blurPlanes } from './blur.ts';
import type { Geometry } from './compile.ts';
import type { PhotometricOp } from './schema.ts';

/** Applies the operations in order to out [C,outH,outW], in place. Each takes two random numbers, whether it applies or not. */
export function adjust(ops: readonly PhotometricOp[], geometry: Geometry, rng: Rng, out: Float32Array, outOffset: number): void {
  const { channels, outHeight, outWidth } = geometry;
  const end = outOffset + channels * outHeight * outWidth;
  for (const op of ops) {
    const applies = rng.next() < op.probability;
    const [low, high] = op.op === 'blur' ? op.sigmaPx : op.range;
    const drawn = low + (high - low) * rng.next();
    if (!applies) continue;
    if (op.op === 'blur') blurPlanes(drawn, channels, outHeight, outWidth, out, outOffset);
    else scaleAbout(op.op === 'contrast' ? meanOf(out, outOffset, end) : 0, drawn, out, outOffset, end);
  }
}

/** centre + (v − centre) · factor, clipped to 0…1, for out[start…end). */
export function scaleAbout(centre: number, factor: number, out: Float32Array, start: number, end: number): void {
  const base = centre * (1 - factor);
  for (let i = start; i < end; i++) {
    const value = (out[i] as number) * factor + base;
    out[i] = value < 0 ? 0 : value > 1 ? 1 : value;
  }
}

export function meanOf(out: Float32Array, start: number, end: number): number {
  let sum = 0;
  for (let i = start; i < end; i++) sum += out[i] as number;
  return sum / (end - start);
}
