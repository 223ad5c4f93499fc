/** Chance in geometry: all flips, affines, the crop and what randaugment drew become one inverse affine map. */
import type { Rng } from '../random.ts';
import { type AffineMap, flip, moveWindow, setLevel, shear, turnAndMove } from './affine-map.ts';
import type { Geometry } from './compile.ts';
import type { RandomPolicy } from './randaugment.ts';
import type { GeometricOp } from './schema.ts';

/**
 * Draws a map for one sample into `map`. Every operation takes the same count of random numbers whether it applies or
 * not, so that changing one leaves the draws of the others as they were. The stored image is first turned level by `rollRad`.
 */
export function drawMap(ops: readonly GeometricOp[], policy: RandomPolicy | undefined, geometry: Geometry, rng: Rng, map: AffineMap, rollRad: number): void {
  const { height, width, outHeight, outWidth } = geometry;
  let offsetX = Math.floor((width - outWidth) / 2);
  let offsetY = Math.floor((height - outHeight) / 2);
  setLevel(map, geometry, rollRad);
  for (const op of ops) {
    if (op.op === 'flip') {
      if (rng.next() < op.probability) flip(map, geometry);
    } else if (op.op === 'crop') {
      offsetX = rng.int(width - outWidth + 2 * op.paddingPx + 1) - op.paddingPx;
      offsetY = rng.int(height - outHeight + 2 * op.paddingPx + 1) - op.paddingPx;
    } else {
      drawAffine(op, geometry, rng, map);
    }
  }
  policy?.draw(rng);
  policy?.moveMap(map);
  // The window is cut from the transformed image, wherever in the list the crop stands.
  moveWindow(map, offsetX, offsetY);
}

function drawAffine(op: Extract<GeometricOp, { op: 'affine' }>, geometry: Geometry, rng: Rng, map: AffineMap): void {
  const applies = rng.next() < op.probability;
  const angle = ((rng.next() * 2 - 1) * op.rotateDeg * Math.PI) / 180;
  const shiftX = (rng.next() * 2 - 1) * (of(op.shift, 0) * geometry.width + of(op.shiftPx, 0));
  const shiftY = (rng.next() * 2 - 1) * (of(op.shift, 1) * geometry.height + of(op.shiftPx, 1));
  const zoom = op.zoom[0] + (op.zoom[1] - op.zoom[0]) * rng.next();
  // Only a list that slants takes this number, so that lists from before there was slant draw what they always drew.
  const slope = op.shearDeg > 0 ? Math.tan(((rng.next() * 2 - 1) * op.shearDeg * Math.PI) / 180) : 0;
  if (!applies) return;
  if (slope !== 0) shear(map, geometry, slope, 0);
  turnAndMove(map, geometry, angle, zoom, shiftX, shiftY);
}

function of(value: number | readonly [x: number, y: number], axis: 0 | 1): number {
  return typeof value === 'number' ? value : value[axis];
}
