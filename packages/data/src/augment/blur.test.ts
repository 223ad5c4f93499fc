import fc from 'fast-check';
import { expect, it } from 'vitest';
import { randomFor } from '../random.ts';
import { blurPlanes } from './blur.ts';

/** The definition, without separation: Σ g(dx)·g(dy)·v over the square of radius ⌈3σ⌉, edges repeated. */
function reference(plane: Float32Array, height: number, width: number, sigma: number): Float32Array {
  const radius = Math.ceil(3 * sigma);
  const g = (k: number) => Math.exp((-k * k) / (2 * sigma * sigma));
  return plane.map((_, i) => {
    let sum = 0;
    let total = 0;
    for (let dy = -radius; dy <= radius; dy++) {
      for (let dx = -radius; dx <= radius; dx++) {
        const y = Math.min(Math.max(Math.floor(i / width) + dy, 0), height - 1);
        const x = Math.min(Math.max((i % width) + dx, 0), width - 1);
        sum += g(dx) * g(dy) * plane[y * width + x]!;
        total += g(dx) * g(dy);
      }
    }
    return sum / total;
  });
}

it('is the two-dimensional Gaussian, plane by plane, and touches nothing else', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 9 }),
      fc.double({ min: 0.2, max: 2, noNaN: true }),
      fc.nat(),
      (height, width, sigma, seed) => {
        const rng = randomFor(seed);
        const planes = [0, 1].map(() => Float32Array.from({ length: height * width }, () => rng.next()));
        const out = Float32Array.from([-1, ...planes.flatMap((plane) => [...plane]), -1]);
        blurPlanes(sigma, 2, height, width, out, 1);
        const expected = planes.flatMap((plane) => [...reference(plane, height, width, sigma)]);
        for (const [i, value] of expected.entries()) expect(out[1 + i]).toBeCloseTo(value, 5);
        expect([out[0], out.at(-1)]).toEqual([-1, -1]);
      },
    ),
  );
});

it('leaves the image as it is where the blur is too weak to see', () => {
  const out = Float32Array.of(0, 1, 0, 1);
  blurPlanes(0.05, 1, 2, 2, out, 0);
  expect([...out]).toEqual([0, 1, 0, 1]);
});
