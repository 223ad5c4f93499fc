/** Brightness and contrast of a sample in 0…1. */
import type { Rng } from '../random.ts';
import type { PhotometricOp } from './schema.ts';

/** Applies the operations in order to out[start…end), in place. Each takes two random numbers, whether it applies or not. */
export function adjust(ops: readonly PhotometricOp[], rng: Rng, out: Float32Array, start: number, end: number): void {
  for (const op of ops) {
    const applies = rng.next() < op.probability;
    const factor = op.range[0] + (op.range[1] - op.range[0]) * rng.next();
    if (!applies) continue;
    let base = 0;
    if (op.op === 'contrast') base = mean(out, start, end) * (1 - factor);
    for (let i = start; i < end; i++) {
      const value = (out[i] as number) * factor + base;
      out[i] = value < 0 ? 0 : value > 1 ? 1 : value;
    }
  }
}

function mean(out: Float32Array, start: number, end: number): number {
  let sum = 0;
  for (let i = start; i < end; i++) sum += out[i] as number;
  return sum / (end - start);
}
