import fc from 'fast-check';
import { expect, it } from 'vitest';
import { randomFor } from '../random.ts';
import { closePairs } from './hash-index.ts';
import { bitCount, PerceptualHasher } from './perceptual-hash.ts';

it('finds every pair within the distance once, and no other', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 11 }), fc.nat(), (distance, seed) => {
      const rng = randomFor('hashes', seed);
      // Clusters, so that there are close pairs: each hash is an earlier one with a few bits changed, or a new one.
      const hashes = new Uint32Array(120);
      for (let i = 0; i < 60; i++) {
        const from = rng.int(i + 1);
        for (const word of [0, 1]) {
          hashes[2 * i + word] = from < i ? hashes[2 * from + word]! : rng.int(2 ** 32);
          for (let k = rng.int(6); k > 0; k--) hashes[2 * i + word]! ^= 1 << rng.int(32);
        }
      }
      const expected: string[] = [];
      for (let a = 0; a < 60; a++) {
        for (let b = a + 1; b < 60; b++) {
          const apart = bitCount(hashes[2 * a]! ^ hashes[2 * b]!) + bitCount(hashes[2 * a + 1]! ^ hashes[2 * b + 1]!);
          if (apart <= distance) expected.push(`${a} ${b} ${apart}`);
        }
      }
      const found = [...closePairs(hashes, distance)].map(([a, b, apart]) => `${a} ${b} ${apart}`);
      expect(found.sort()).toEqual(expected.sort());
    }),
    { numRuns: 15 },
  );
});

it('a hash has half of its bits set, whatever the size of the image, and survives brightness and contrast', () => {
  for (const [height, width] of [
    [48, 48],
    [24, 31],
    [100, 224],
    [12, 12],
  ] as const) {
    const rng = randomFor('plane', height, width);
    const plane = Float64Array.from({ length: height * width }, (_, i) => 100 + 50 * Math.sin((i % width) / 5 + Math.floor(i / width) / 7) + rng.int(20));
    const hasher = new PerceptualHasher(height, width);
    const hashes = new Uint32Array(4);
    hasher.hash(plane, 0, hashes, 0);
    hasher.hash(
      plane.map((value) => value * 0.5 + 40),
      0,
      hashes,
      2,
    );
    expect(bitCount(hashes[0]!) + bitCount(hashes[1]!)).toBe(32);
    expect([hashes[2], hashes[3]]).toEqual([hashes[0], hashes[1]]);
  }
});
