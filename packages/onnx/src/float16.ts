/** IEEE 754 half precision: 1 sign, 5 exponent and 10 fraction bits, rounded to nearest, ties to even. */

const scratch = new Float32Array(1);
const scratchBits = new Uint32Array(scratch.buffer);

function toHalf(value: number): number {
  scratch[0] = value;
  const bits = scratchBits[0]!;
  const sign = (bits >>> 16) & 0x8000;
  const exponent = (bits >>> 23) & 0xff;
  const fraction = bits & 0x7fffff;
  if (exponent === 0xff) return sign | 0x7c00 | (fraction ? 0x200 : 0);
  const e = exponent - 112;
  if (e >= 31) return sign | 0x7c00;
  const roundShift = (m: number, shift: number): number => {
    const kept = m >>> shift;
    const rest = m & ((1 << shift) - 1);
    const half = 1 << (shift - 1);
    return rest > half || (rest === half && kept & 1) ? kept + 1 : kept;
  };
  if (e <= 0) return e < -10 ? sign : sign | roundShift(fraction | 0x800000, 14 - e);
  // A carry out of the fraction moves into the exponent, which is what rounding up means here.
  return sign | ((e << 10) + roundShift(fraction, 13));
}

function fromHalf(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >>> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

export function encodeFloat16(values: Float32Array): Uint16Array {
  return Uint16Array.from(values, toHalf);
}

export function decodeFloat16(bits: Uint16Array): Float32Array {
  return Float32Array.from(bits, fromHalf);
}
