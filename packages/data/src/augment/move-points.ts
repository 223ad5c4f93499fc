/** Points of a face, moved as augmentation moves its pixels. */
import { landmarkCount, mirrorPoints } from '@mien/runtime';
import type { Rng } from '../random.ts';
import { type AffineMap, identityMap } from './affine-map.ts';
import { type Geometry, parseAugmentation } from './compile.ts';
import { drawMap } from './draw-map.ts';
import type { AugmentationInput } from './schema.ts';

/**
 * Reads points [68,2] of the stored image at `offset`, writes them into `out` [68,2] in pixels of the augmented one
 * (pixel k covers k…k+1). Given the generator that augments the image, as new, it draws the same map.
 */
export type AugmentPoints = (points: Float32Array, offset: number, rng: Rng, out: Float32Array, rollRad?: number) => void;

/** @throws UserError as `compileAugmentation`. */
export function compilePointAugmentation(list: AugmentationInput, geometry: Geometry): AugmentPoints {
  const { geometric, policy } = parseAugmentation(list, geometry);
  const map = identityMap();
  return (points, offset, rng, out, rollRad = 0) => {
    drawMap(geometric, policy, geometry, rng, map, rollRad);
    movePoints(points, offset, map, out);
  };
}

/** The inverse of `map`, which leads from the output to the source. A map that mirrors gives each point its twin's place. */
export function movePoints(points: Float32Array, offset: number, { a, b, c, d, e, f }: AffineMap, out: Float32Array): void {
  const determinant = a * e - b * d;
  for (let i = 0; i < landmarkCount; i++) {
    const from = offset + 2 * (determinant < 0 ? mirrorPoints[i]! : i);
    // The map counts from pixel centres, points from pixel edges.
    const x = points[from]! - 0.5 - c;
    const y = points[from + 1]! - 0.5 - f;
    out[2 * i] = (e * x - b * y) / determinant + 0.5;
    out[2 * i + 1] = (a * y - d * x) / determinant + 0.5;
  }
}
