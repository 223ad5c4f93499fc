import { landmarkCount, mirrorPoints } from '@mien/runtime';
import { expect, it } from 'vitest';
import { randomFor } from '../random.ts';
import { compileAugmentation, type Geometry } from './compile.ts';
import { compilePointAugmentation } from './move-points.ts';
import type { AugmentationInput } from './schema.ts';

const geometry: Geometry = { channels: 1, height: 64, width: 60, outHeight: 56, outWidth: 52 };
const list: AugmentationInput = [{ op: 'flip', probability: 0.5 }, { op: 'affine', rotateDeg: 20, shift: 0.05, zoom: [0.9, 1.2], shearDeg: 8 }, { op: 'crop' }];

/** A blurred spot, whose centre of mass is known to a fraction of a pixel. */
function spotAt(x: number, y: number): Uint8Array {
  return Uint8Array.from({ length: 64 * 60 }, (_, i) => Math.round(250 * Math.exp(-(((i % 60) + 0.5 - x) ** 2 + (Math.floor(i / 60) + 0.5 - y) ** 2) / 8)));
}

function centreOfMass(image: Float32Array): readonly [number, number] {
  let [sum, x, y] = [0, 0, 0];
  for (const [i, value] of image.entries()) {
    const weight = value ** 2;
    sum += weight;
    x += weight * ((i % 52) + 0.5);
    y += weight * (Math.floor(i / 52) + 0.5);
  }
  return [x / sum, y / sum];
}

it('a point goes where the pixels around it go, under flips, turns, slants, crops and a levelled face', () => {
  const augment = compileAugmentation(list, geometry);
  const move = compilePointAugmentation(list, geometry);
  const out = new Float32Array(56 * 52);
  const moved = new Float32Array(2 * landmarkCount);
  let flips = 0;
  for (let seed = 0; seed < 40; seed++) {
    const rollRad = (seed % 3) * 0.2 - 0.2;
    // An asymmetric set: point i is the spot, all others stand elsewhere.
    const i = seed % landmarkCount;
    const points = new Float32Array(3 + 2 * landmarkCount).fill(5);
    points.set([33.3, 28.6], 3 + 2 * i);
    augment(spotAt(33.3, 28.6), 0, randomFor('t', seed), out, 0, rollRad);
    move(points, 3, randomFor('t', seed), moved, rollRad);
    const [x, y] = centreOfMass(out);
    const at = [i, mirrorPoints[i]!].find((p) => Math.hypot(moved[2 * p]! - x, moved[2 * p + 1]! - y) < 0.35);
    expect(at, `seed ${seed}: the spot is at ${x},${y}, point ${i} at ${moved.slice(2 * i, 2 * i + 2)}`).toBeDefined();
    if (at !== i) flips++;
  }
  expect(flips).toBeGreaterThan(5);
});

it('without any operation points move with the central window alone', () => {
  const moved = new Float32Array(2 * landmarkCount);
  const points = Float32Array.from({ length: 2 * landmarkCount }, (_, i) => i / 3);
  compilePointAugmentation([], geometry)(points, 0, randomFor('t'), moved);
  for (const [i, value] of points.entries()) expect(moved[i]).toBeCloseTo(value - 4, 4);
});
