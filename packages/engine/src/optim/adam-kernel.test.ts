import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AdamArrays, type AdamCoefficients, adamModule, adamUpdateFor, scriptUpdate, vectorUpdate } from './adam-kernel.ts';
import { FloatArena } from './float-arena.ts';

/** The arrays in an arena, where each but the first has others before it. */
function inArena(given: AdamArrays): { arena: FloatArena; arrays: AdamArrays } {
  const arena = FloatArena.create(4 * FloatArena.bytesOf(given.weights.length) + 64)!;
  const place = (values: Float32Array): Float32Array => {
    const placed = arena.allocate(values.length)!;
    placed.set(values);
    return placed;
  };
  return { arena, arrays: { weights: place(given.weights), gradients: place(given.gradients), mean: place(given.mean), square: place(given.square) } };
}

const arrays = (length: number, next: () => number): AdamArrays => ({
  weights: Float32Array.from({ length }, () => next() - 0.5),
  gradients: Float32Array.from({ length }, () => (next() - 0.5) * 10 ** (8 * next() - 6)),
  mean: Float32Array.from({ length }, () => (next() - 0.5) * 0.01),
  square: Float32Array.from({ length }, () => next() * 1e-4),
});

const bits = ({ weights, mean, square }: AdamArrays): Uint32Array[] => [weights, mean, square].map((a) => new Uint32Array(a.buffer, a.byteOffset, a.length));

describe('the vector form of Adam', () => {
  it('is a module this engine accepts', () => {
    expect(WebAssembly.validate(adamModule())).toBe(true);
    expect(vectorUpdate(FloatArena.create(64)!)).toBeDefined();
  });

  it('gives the bits of the script form, whatever the numbers', () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });
    const coefficients = fc.record({
      beta1: share,
      beta2: share,
      l2: fc.constantFrom(0, 1e-4, 0.3),
      shrink: fc.constantFrom(0, 1e-7, 0.5),
      rate: fc.double({ min: 0, max: 1, noNaN: true }),
      unbias: fc.double({ min: 1, max: 40, noNaN: true }),
      epsilon: fc.constantFrom(1e-8, 1e-3),
    });
    fc.assert(
      fc.property(coefficients, fc.integer({ min: 0, max: 40 }), fc.infiniteStream(share), (given, length, stream) => {
        const script = arrays(length, () => stream.next().value as number);
        const { arena, arrays: vector } = inArena(script);
        scriptUpdate(script, given);
        vectorUpdate(arena)!(vector, given);
        expect(bits(vector)).toEqual(bits(script));
        expect(vector.gradients).toEqual(script.gradients);
      }),
    );
  });

  it.each([1, 2, 3, 4, 5, 20_001])('over %i values, many steps, without touching what lies beside', (length) => {
    let state = 1;
    const next = (): number => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state / 2 ** 32;
    };
    const script = arrays(length, next);
    const { arena, arrays: vector } = inArena(script);
    const after = arena.allocate(3)!.fill(7);
    const update = vectorUpdate(arena)!;
    for (let t = 1; t <= 5; t++) {
      const given: AdamCoefficients = {
        beta1: 0.9,
        beta2: 0.999,
        l2: 0,
        shrink: 1e-3,
        rate: 1e-3 / (1 - 0.9 ** t),
        unbias: 1 / Math.sqrt(1 - 0.999 ** t),
        epsilon: 1e-8,
      };
      scriptUpdate(script, given);
      update(vector, given);
    }
    expect(bits(vector)).toEqual(bits(script));
    expect([...after]).toEqual([7, 7, 7]);
  });

  it('NaN and infinity come out where the script form has them', () => {
    const given: AdamCoefficients = { beta1: 0.9, beta2: 0.999, l2: 0, shrink: 0, rate: 0.1, unbias: 2, epsilon: 1e-8 };
    const script: AdamArrays = {
      weights: Float32Array.of(1, Number.NaN, 3, 4),
      gradients: Float32Array.of(Number.POSITIVE_INFINITY, 1, Number.NaN, 1e38),
      mean: new Float32Array(4),
      square: new Float32Array(4),
    };
    const { arena, arrays: vector } = inArena(script);
    scriptUpdate(script, given);
    vectorUpdate(arena)!(vector, given);
    expect(vector).toEqual(script);
  });
});

describe('adamUpdateFor', () => {
  const small = arrays(5, () => 0.5);

  it('works where the arrays are if all lie in the arena, else in script', () => {
    const { arena, arrays: placed } = inArena(small);
    expect(adamUpdateFor(placed, arena)).not.toBe(scriptUpdate);
    expect(adamUpdateFor({ ...placed, mean: new Float32Array(5) }, arena)).toBe(scriptUpdate);
    expect(adamUpdateFor(small, undefined)).toBe(scriptUpdate);
  });
});

describe('FloatArena', () => {
  it('cuts arrays of zeros that begin at whole vectors and do not touch, until it is full', () => {
    const arena = FloatArena.create(65536)!;
    const [a, b] = [arena.allocate(5)!, arena.allocate(1)!];
    expect([a.byteOffset, b.byteOffset]).toEqual([0, 32]);
    expect([...a]).toEqual([0, 0, 0, 0, 0]);
    expect(arena.contains(a)).toBe(true);
    expect(arena.contains(new Float32Array(1))).toBe(false);
    expect(arena.allocate(16384 - 12)).toBeDefined();
    expect(arena.allocate(1)).toBeUndefined();
  });

  it('is not to be had in any size', () => {
    expect(FloatArena.create(2 ** 40)).toBeUndefined();
  });
});
