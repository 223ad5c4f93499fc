import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeFloat16, encodeFloat16 } from './float16.ts';

const encode = (value: number): number => encodeFloat16(Float32Array.of(value))[0]!;
const decode = (bits: number): number => decodeFloat16(Uint16Array.of(bits))[0]!;

describe('float16', () => {
  it('all 65,536 halves survive decoding and encoding', () => {
    const halves = Uint16Array.from({ length: 65536 }, (_, i) => i);
    const values = decodeFloat16(halves);
    const back = encodeFloat16(values);
    for (let i = 0; i < 65536; i++) {
      const isNan = (i & 0x7c00) === 0x7c00 && (i & 0x3ff) !== 0;
      if (isNan) {
        expect(values[i]).toBeNaN();
        expect(decode(back[i]!)).toBeNaN();
      } else if (back[i] !== i) expect.fail(`half ${i.toString(16)} became ${back[i]!.toString(16)}`);
    }
  });

  it('knows the landmarks of IEEE 754 binary16', () => {
    const landmarks: [number, number][] = [
      [0x0000, 0],
      [0x3c00, 1],
      [0xc000, -2],
      [0x7bff, 65504],
      [0x0400, 2 ** -14],
      [0x03ff, 2 ** -14 - 2 ** -24],
      [0x0001, 2 ** -24],
      [0x3555, 0.333251953125],
      [0x7c00, Number.POSITIVE_INFINITY],
      [0xfc00, Number.NEGATIVE_INFINITY],
    ];
    for (const [bits, value] of landmarks) {
      expect(decode(bits)).toBe(value);
      expect(encode(value)).toBe(bits);
    }
    expect(encode(-0)).toBe(0x8000);
    expect(Object.is(decode(0x8000), -0)).toBe(true);
  });

  it('rounds ties to even, also among subnormals and into the next binade', () => {
    expect(encode(1 + 2 ** -11)).toBe(0x3c00); // halfway, down to even
    expect(encode(1 + 3 * 2 ** -11)).toBe(0x3c02); // halfway, up to even
    expect(encode(1 + 2 ** -11 + 2 ** -20)).toBe(0x3c01);
    expect(encode(2 - 2 ** -11)).toBe(0x4000); // the carry reaches the exponent
    expect(encode(2 ** -25)).toBe(0); // half of the smallest, down to even
    expect(encode(2 ** -25 * 1.0001)).toBe(1);
    expect(encode(3 * 2 ** -25)).toBe(2);
    expect(encode(2 ** -14 - 2 ** -25)).toBe(0x0400); // a subnormal rounds up to the smallest normal
    expect(encode(2 ** -26)).toBe(0);
    expect(encode(1e-40)).toBe(0); // a float32 subnormal
  });

  it('overflows to infinity exactly from 65520 on', () => {
    expect(encode(65519.996)).toBe(0x7bff);
    expect(encode(65520)).toBe(0x7c00);
    expect(encode(-1e30)).toBe(0xfc00);
    expect(decode(encode(Number.NaN))).toBeNaN();
  });

  it('gives the nearest half of any value', () => {
    const any = fc.float({ min: -65504, max: 65504, noNaN: true });
    fc.assert(
      fc.property(any, (value) => {
        const bits = encode(value);
        const error = Math.abs(decode(bits) - value);
        const magnitude = bits & 0x7fff;
        for (const other of [magnitude - 1, magnitude + 1]) {
          if (other < 0 || other >= 0x7c00) continue;
          expect(error).toBeLessThanOrEqual(Math.abs(decode((bits & 0x8000) | other) - value));
        }
      }),
      { numRuns: 1000 },
    );
  });
});
