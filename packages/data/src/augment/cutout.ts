/** Coarse dropout, called cutout (DeVries & Taylor 2017). */
import type { Rng } from '../random.ts';
import type { Geometry } from './compile.ts';
import type { CutoutOp } from './schema.ts';

/**
 * Fills squares of out [C,outH,outW] with op.value. Centres are uniform over the image, so holes at its edges are
 * partly outside. Takes 1 + 2·holes random numbers, whether it applies or not.
 */
export function cutHoles(op: CutoutOp, geometry: Geometry, rng: Rng, out: Float32Array, outOffset: number): void {
  const { channels, outHeight, outWidth } = geometry;
  const side = Math.max(1, Math.round(op.size * Math.min(outHeight, outWidth)));
  const applies = rng.next() < op.probability;
  for (let hole = 0; hole < op.holes; hole++) {
    const left = rng.int(outWidth) - (side >> 1);
    const top = rng.int(outHeight) - (side >> 1);
    if (!applies) continue;
    const fromX = Math.max(0, left);
    const toX = Math.min(outWidth, left + side);
    const toY = Math.min(outHeight, top + side);
    for (let channel = 0; channel < channels; channel++) {
      for (let y = Math.max(0, top); y < toY; y++) {
        const row = outOffset + (channel * outHeight + y) * outWidth;
        out.fill(op.value, row + fromX, row + toX);
      }
    }
  }
}
