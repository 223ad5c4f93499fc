/** Coarse dropout, called cutout (DeVries & Taylor 2017). */
import type { Rng } from '../random.ts';
import type { Geometry } from './compile.ts';
import type { CutoutOp } from './schema.ts';

/**
 * Fills squares of out [C,outH,outW] with op.value. Centres are uniform over the image, so holes at its edges are
 * partly outside. How many random numbers it takes depends on the operation's ranges alone, not on what was drawn.
 */
export function cutHoles(op: CutoutOp, geometry: Geometry, rng: Rng, out: Float32Array, outOffset: number): void {
  const { outHeight, outWidth } = geometry;
  const shorter = Math.min(outHeight, outWidth);
  const applies = rng.next() < op.probability;
  const [fewest, most] = typeof op.holes === 'number' ? [op.holes, op.holes] : op.holes;
  const holes = fewest === most ? fewest : fewest + rng.int(most - fewest + 1);
  for (let hole = 0; hole < most; hole++) {
    const size = typeof op.size === 'number' ? op.size : op.size[0] + (op.size[1] - op.size[0]) * rng.next();
    const side = Math.max(1, Math.round(size * shorter));
    const left = rng.int(outWidth) - (side >> 1);
    const top = rng.int(outHeight) - (side >> 1);
    if (applies && hole < holes) fillSquare(geometry, left, top, side, op.value, out, outOffset);
  }
}

/** Sets the square's part that lies within the image, in every channel. */
export function fillSquare(geometry: Geometry, left: number, top: number, side: number, value: number, out: Float32Array, outOffset: number): void {
  const { channels, outHeight, outWidth } = geometry;
  const fromX = Math.max(0, left);
  const toX = Math.min(outWidth, left + side);
  const toY = Math.min(outHeight, top + side);
  for (let channel = 0; channel < channels; channel++) {
    for (let y = Math.max(0, top); y < toY; y++) {
      const row = outOffset + (channel * outHeight + y) * outWidth;
      out.fill(value, row + fromX, row + toX);
    }
  }
}
