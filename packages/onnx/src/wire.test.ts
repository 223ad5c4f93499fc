import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readFields, repeatedDoubles, repeatedFloats, repeatedInts, utf8, WireWriter } from './wire.ts';

const written = (write: (w: WireWriter) => void) => {
  const w = new WireWriter();
  write(w);
  return [...readFields(w.finish())];
};

describe('protobuf wire format', () => {
  it('numbers of 64 bits, signs included, survive', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.integer({ min: 1, max: 2 ** 28 }), (value, field) => {
        const [read] = written((w) => w.int(field, value));
        expect(read).toMatchObject({ field, wireType: 0, int: value });
      }),
    );
  });

  it('writes the bytes of the protobuf documentation', () => {
    const w = new WireWriter();
    w.int(1, 150);
    w.string(2, 'testing');
    expect(Buffer.from(w.finish()).toString('hex')).toBe('08960112' + '0774657374696e67');
  });

  it('repeated fields read packed and unpacked', () => {
    const [packed] = written((w) => w.bytes(1, Uint8Array.of(0x03, 0x8e, 0x02, 0x9e, 0xa7, 0x05)));
    expect(repeatedInts(packed!)).toEqual([3n, 270n, 86942n]);
    const single = written((w) => w.int(1, -1));
    expect(single.flatMap(repeatedInts)).toEqual([-1n]);
    const floats = written((w) => {
      w.float(1, 1.5);
      w.bytes(1, new Uint8Array(Float32Array.of(-2, 0.25).buffer));
    });
    expect(floats.flatMap((f) => [...repeatedFloats(f)])).toEqual([1.5, -2, 0.25]);
    const [doubles] = written((w) => w.bytes(1, new Uint8Array(Float64Array.of(0.1, -1e300).buffer)));
    expect([...repeatedDoubles(doubles!)]).toEqual([0.1, -1e300]);
  });

  it('a packed number that does not end is refused', () => {
    const [packed] = written((w) => w.bytes(1, Uint8Array.of(0x03, 0x8e)));
    for (const read of [repeatedInts, repeatedFloats, repeatedDoubles]) expect(() => read(packed!)).toThrow(RangeError);
  });

  it.each([
    ['a field longer than the data', [0x0a, 0x05, 0x01]],
    ['a negative length', [0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]],
    ['a number without end', [0x08, 0x80]],
    ['a number longer than 10 bytes', [0x08, ...new Array<number>(11).fill(0x80)]],
    ['half a float', [0x0d, 0x00, 0x00]],
    ['half a double', [0x09, 0x00, 0x00]],
    ['a group', [0x0b]],
  ])('refuses %s', (_, bytes) => {
    expect(() => [...readFields(Uint8Array.from(bytes))]).toThrow(RangeError);
  });

  it('text of any length survives the growth of the buffer', () => {
    const text = 'ä€😀'.repeat(2000);
    expect(
      written((w) => w.message(3, (inner) => inner.string(1, text)))
        .flatMap((f) => [...readFields(f.bytes)])
        .map((f) => utf8(f.bytes)),
    ).toEqual([text]);
  });
});
