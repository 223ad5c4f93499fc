import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type KeyedRandom, randomFor, shuffledIndices } from './random.ts';

const draws = (rng: KeyedRandom, n: number) => Array.from({ length: n }, () => rng.next());

describe('KeyedRandom', () => {
  it('gives the same numbers for the same keys, made anew or reseeded in place', () => {
    const key = fc.oneof(fc.integer(), fc.string(), fc.double({ noNaN: true }));
    fc.assert(
      fc.property(key, fc.array(key, { maxLength: 4 }), (seed, keys) => {
        const used = randomFor('other');
        used.next();
        expect(draws(used.reseed(seed, ...keys), 5)).toEqual(draws(randomFor(seed, ...keys), 5));
      }),
    );
  });

  it('keeps this sequence for ever, or resumed trainings would differ', () => {
    const rng = randomFor(42, 'augment', 3, 17);
    expect([rng.int(1000), rng.int(1000), rng.int(1000), rng.int(1000)]).toMatchInlineSnapshot(`
      [
        584,
        756,
        585,
        85,
      ]
    `);
  });

  it('tells keys apart: their order, their number, 1 from "1"', () => {
    const streams = [
      randomFor(1),
      randomFor(1, 0),
      randomFor(1, 0, 0),
      randomFor(0, 1),
      randomFor('1'),
      randomFor('1', ''),
      randomFor('ab', 'c'),
      randomFor('a', 'bc'),
      randomFor(1.5),
      randomFor(-1),
      randomFor(2 ** 32 + 1),
    ];
    expect(new Set(streams.map((rng) => rng.next())).size).toBe(streams.length);
  });

  it('is uniform and independent from row to row, as first numbers of neighbouring streams', () => {
    const n = 100_000;
    const rng = randomFor(0);
    const bins = new Array<number>(64).fill(0);
    let previous = 0.5;
    let product = 0;
    for (let row = 0; row < n; row++) {
      const value = rng.reseed(7, 'augment', 2, row).next();
      bins[Math.floor(value * 64)]!++;
      product += (value - 0.5) * (previous - 0.5);
      previous = value;
    }
    const chiSquare = bins.reduce((sum, count) => sum + (count - n / 64) ** 2 / (n / 64), 0);
    // 63 degrees of freedom: mean 63, standard deviation 11.2; the seed is fixed, so this cannot flicker.
    expect(chiSquare).toBeLessThan(110);
    // Correlation of n independent pairs has standard deviation 1/√n = 0.003.
    expect(Math.abs((product / n) * 12)).toBeLessThan(0.012);
  });

  it('int reaches every value and nothing else, normal has mean 0 and variance 1', () => {
    const rng = randomFor('moments');
    const seen = new Array<number>(6).fill(0);
    let sum = 0;
    let squares = 0;
    for (let i = 0; i < 60_000; i++) {
      seen[rng.int(6)]!++;
      const value = rng.normal();
      sum += value;
      squares += value * value;
    }
    expect(seen.every((count) => Math.abs(count - 10_000) < 500)).toBe(true);
    expect(Math.abs(sum / 60_000)).toBeLessThan(0.02);
    expect(Math.abs(squares / 60_000 - 1)).toBeLessThan(0.03);
    expect(rng.int(1)).toBe(0);
    expect(() => rng.int(0)).toThrow(RangeError);
  });
});

describe('shuffledIndices', () => {
  it('is a permutation, of 0 and 1 too', () => {
    fc.assert(
      fc.property(fc.nat(300), fc.integer(), (n, seed) => {
        expect([...shuffledIndices(n, randomFor(seed))].sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i));
      }),
    );
  });

  it('puts every index at every place equally often', () => {
    const rng = randomFor('places');
    const counts = Array.from({ length: 4 }, () => [0, 0, 0, 0]);
    for (let i = 0; i < 8000; i++) for (const [place, index] of shuffledIndices(4, rng).entries()) counts[place]![index]!++;
    expect(counts.flat().every((count) => Math.abs(count - 2000) < 200)).toBe(true);
  });
});
