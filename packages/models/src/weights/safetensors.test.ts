import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UserError } from '@mien/runtime';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeSafetensors, encodeSafetensors, type SafetensorsFile } from './safetensors.ts';

const anyFile: fc.Arbitrary<SafetensorsFile> = fc
  .record({
    tensors: fc.dictionary(
      fc.string().filter((name) => name !== '__metadata__'),
      fc.array(fc.nat(4), { maxLength: 3 }),
      { maxKeys: 5 },
    ),
    metadata: fc.dictionary(fc.string(), fc.string(), { maxKeys: 3, noNullPrototype: true }),
  })
  .map(({ tensors, metadata }) => ({
    metadata,
    tensors: new Map(
      Object.entries(tensors).map(([name, shape], t) => {
        const size = shape.reduce((a, b) => a * b, 1);
        return [name, { shape, data: Float32Array.from({ length: size }, (_, i) => Math.fround(Math.sin(i + t))) }] as const;
      }),
    ),
  }));

const small = encodeSafetensors({
  tensors: new Map([
    ['w', { shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) }],
    ['b', { shape: [1], data: Float32Array.of(5) }],
  ]),
  metadata: { format: 'x' },
});

function withHeader(header: unknown, payload = 8): Uint8Array {
  const json = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + json.length + payload);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  return bytes;
}

/** A file of one tensor `w` whose bytes are given. */
function oneTensor(dtype: string, shape: number[], values: ArrayBufferView): Uint8Array {
  const bytes = withHeader({ w: { dtype, shape, data_offsets: [0, values.byteLength] } }, values.byteLength);
  bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), bytes.length - values.byteLength);
  return bytes;
}

describe('safetensors', () => {
  it('any file survives', () => {
    fc.assert(
      fc.property(anyFile, (file) => {
        const back = decodeSafetensors(encodeSafetensors(file), 'f');
        expect([...back.tensors]).toEqual([...file.tensors]);
        expect(back.metadata).toEqual(file.metadata);
      }),
    );
  });

  it('stands as the format says: length, JSON padded to 8 bytes, tensors in order', () => {
    const length = Number(new DataView(small.buffer).getBigUint64(0, true));
    expect(length % 8).toBe(0);
    const header = JSON.parse(new TextDecoder().decode(small.subarray(8, 8 + length)));
    expect(header).toEqual({
      __metadata__: { format: 'x' },
      w: { dtype: 'F32', shape: [2, 2], data_offsets: [0, 16] },
      b: { dtype: 'F32', shape: [1], data_offsets: [16, 20] },
    });
    expect([...new Float32Array(small.slice(8 + length).buffer)]).toEqual([1, 2, 3, 4, 5]);
  });

  it('does not keep the memory it was decoded from', () => {
    const bytes = small.slice();
    const { tensors } = decodeSafetensors(bytes, 'f');
    bytes.fill(0);
    expect([...tensors.get('w')!.data]).toEqual([1, 2, 3, 4]);
  });

  it('is decoded as well from a Buffer, as files are read', () => {
    const dir = mkdtempSync(join(tmpdir(), 'mien-safetensors-'));
    writeFileSync(join(dir, 'f'), small);
    const { tensors } = decodeSafetensors(readFileSync(join(dir, 'f')), 'f');
    rmSync(dir, { recursive: true });
    expect([...tensors.get('w')!.data]).toEqual([1, 2, 3, 4]);
    expect([...tensors.get('b')!.data]).toEqual([5]);
  });

  it.each([
    ['F64', new Float64Array([0.1, -2])],
    ['F16', new Uint16Array([0x2e66, 0xc000])],
    ['BF16', new Uint16Array([0x3dcd, 0xc000])],
  ])('%s becomes float32', (dtype, values) => {
    const { data, shape } = decodeSafetensors(oneTensor(dtype, [2, 1], values), 'f').tensors.get('w')!;
    expect(shape).toEqual([2, 1]);
    expect(data).toBeInstanceOf(Float32Array);
    expect(data[0]).toBeCloseTo(0.1, 3);
    expect(data[1]).toBe(-2);
  });

  it.each([
    ['I64', BigInt64Array.of(-7n, 100_000n)],
    ['I32', Int32Array.of(-7, 100_000)],
  ])('%s counts become float32', (dtype, values) => {
    expect([...decodeSafetensors(oneTensor(dtype, [2], values), 'f').tensors.get('w')!.data]).toEqual([-7, 100_000]);
  });

  it.each([
    ['BOOL', 8],
    ['I8', 8],
    ['F8_E4M3', 8],
    ['F8_E5M2', 8],
    ['F8_E8M0', 8],
    ['F8_E4M3FNUZ', 8],
    ['F8_E5M2FNUZ', 8],
    ['I16', 4],
    ['U16', 4],
    ['U32', 2],
    ['U64', 1],
    ['C64', 1],
    ['F4', 16],
  ])('%s is not read, but what stands beside it is', (dtype, count) => {
    const bytes = withHeader({ a: { dtype, shape: [count, 1], data_offsets: [0, 8] }, w: { dtype: 'F32', shape: [1], data_offsets: [8, 12] } }, 12);
    new DataView(bytes.buffer).setFloat32(bytes.length - 4, 2.5, true);
    const { tensors, unread } = decodeSafetensors(bytes, 'f');
    expect([...tensors]).toEqual([['w', { shape: [1], data: Float32Array.of(2.5) }]]);
    expect(unread).toEqual([{ name: 'a', shape: [count, 1], type: dtype }]);
  });

  it.each(['F6_E2M3', 'F6_E3M2'])('%s packs four numbers into three bytes', (dtype) => {
    const bytes = withHeader({ a: { dtype, shape: [8], data_offsets: [0, 6] } }, 6);
    expect(decodeSafetensors(bytes, 'f').unread).toEqual([{ name: 'a', shape: [8], type: dtype }]);
  });

  it('bfloat16 is exact, whatever its bits', () => {
    fc.assert(
      fc.property(fc.nat(0xffff), (half) => {
        const [value] = decodeSafetensors(oneTensor('BF16', [], Uint16Array.of(half)), 'f').tensors.get('w')!.data;
        expect(value).toEqual(new Float32Array(Uint32Array.of(half << 16).buffer)[0]);
      }),
    );
  });

  it('the file may end with an empty tensor, and name one __proto__', () => {
    const file: SafetensorsFile = {
      tensors: new Map([
        ['__proto__', { shape: [1], data: Float32Array.of(3) }],
        ['empty', { shape: [2, 0], data: new Float32Array(0) }],
      ]),
      metadata: {},
    };
    expect([...decodeSafetensors(encodeSafetensors(file), 'f').tensors]).toEqual([...file.tensors]);
  });

  it('does not encode a tensor whose data does not fit its shape', () => {
    expect(() => encodeSafetensors({ tensors: new Map([['w', { shape: [3], data: new Float32Array(2) }]]), metadata: {} })).toThrow(
      'w [3] needs 3 values, got 2',
    );
  });

  it('random bytes and random damage end in a file or a UserError, never in anything else', () => {
    const tryIt = (bytes: Uint8Array): void => {
      try {
        decodeSafetensors(bytes, 'f');
      } catch (error) {
        expect(error).toBeInstanceOf(UserError);
        expect((error as Error).message).not.toContain('\n');
      }
    };
    fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), tryIt));
    fc.assert(
      fc.property(fc.nat(small.length - 1), fc.nat(255), (at, byte) => {
        const damaged = small.slice();
        damaged[at] = byte;
        tryIt(damaged);
      }),
    );
  });

  it('a file cut anywhere is refused', () => {
    for (let length = 0; length < small.length; length++) {
      expect(() => decodeSafetensors(small.subarray(0, length), 'last.safetensors'), `cut at ${length}`).toThrow(UserError);
    }
    expect(() => decodeSafetensors(small.subarray(0, small.length - 1), 'last.safetensors')).toThrow(
      /last\.safetensors: expected a safetensors file, but tensor b \[1\] does not fit its bytes/,
    );
  });

  it('a hostile name is printed without its control characters, and cut', () => {
    const name = `\u001b[2J\n${'x'.repeat(1000)}`;
    const bytes = withHeader({ [name]: { dtype: 'F32', shape: [9], data_offsets: [0, 8] } });
    expect(() => decodeSafetensors(bytes, 'f')).toThrow(/tensor \?\[2J\?x{10,80}… \[9\] does not fit/);
  });

  const entry = (changes: object) => ({ w: { dtype: 'F32', shape: [2], data_offsets: [0, 8], ...changes } });
  it.each([
    [
      'a header of 2^60 bytes',
      (() => {
        const b = new Uint8Array(16);
        new DataView(b.buffer).setBigUint64(0, 2n ** 60n, true);
        return b;
      })(),
    ],
    ['a header that is not JSON', withHeader('{"w":')],
    ['an unknown type', withHeader(entry({ dtype: 'F12', data_offsets: [0, 8] }))],
    ['booleans that do not fit their bytes', withHeader(entry({ dtype: 'BOOL' }))],
    ['numbers of half a byte that end within one', withHeader(entry({ dtype: 'F4', shape: [15] }))],
    ['a tensor that is not read inside one that is', withHeader({ ...entry({}), b: { dtype: 'I8', shape: [4], data_offsets: [4, 8] } })],
    ['a tensor that is not read beyond the file', withHeader(entry({ dtype: 'U32', data_offsets: [4, 12] }))],
    ['a type named like a method', withHeader(entry({ dtype: 'constructor' }))],
    ['a type whose elements do not fit the bytes', withHeader(entry({ dtype: 'F16' }))],
    ['a header longer than any real one', new Uint8Array(9 * 1024 * 1024).fill(0x20).map((b, i) => (i < 8 ? [0, 0, 0x80, 0x00, 1, 0, 0, 0][i]! : b))],
    ['a header that is a list', withHeader('[]')],
    [
      'a header of broken UTF-8',
      (() => {
        const b = withHeader('{"w":0}');
        b[10] = 0xff;
        return b;
      })(),
    ],
    ['ten thousand open brackets', withHeader(`{"w":${'['.repeat(1e4)}`)],
    ['a tensor named twice', withHeader('{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"\\u0077" : {"dtype":"F32","shape":[1],"data_offsets":[4,8]}}')],
    ['a tensor of two shapes', withHeader('{"w":{"dtype":"F32","shape":[2],"shape":[2],"data_offsets":[0,8]}}')],
    ['tensors that overlap', withHeader({ a: { dtype: 'F32', shape: [2], data_offsets: [0, 8] }, b: { dtype: 'F32', shape: [1], data_offsets: [4, 8] } })],
    ['the same bytes for two tensors', withHeader({ ...entry({}), b: { dtype: 'F32', shape: [2], data_offsets: [0, 8] } })],
    ['a hole between tensors', withHeader({ a: { dtype: 'F32', shape: [0], data_offsets: [0, 0] }, b: { dtype: 'F32', shape: [1], data_offsets: [4, 8] } })],
    ['bytes after the last tensor', withHeader(entry({}), 9)],
    ['a shape whose product overflows', withHeader(entry({ shape: [2 ** 40, 2 ** 40], data_offsets: [0, 8] }))],
    ['metadata that are not text', withHeader({ __metadata__: { a: 1 }, ...entry({}) })],
    ['metadata that are a list', withHeader({ __metadata__: ['a'], ...entry({}) })],
    ['offsets beyond the file', withHeader(entry({ data_offsets: [8, 16] }))],
    ['negative offsets', withHeader(entry({ data_offsets: [-8, 0] }))],
    ['offsets that do not fit the shape', withHeader(entry({ data_offsets: [0, 4] }))],
  ])('refuses %s with a UserError', (_, bytes) => {
    expect(() => decodeSafetensors(bytes, 'f')).toThrow(UserError);
  });

  it.each([
    ['a header that is null', withHeader('null')],
    ['an entry that is null', withHeader({ w: null })],
    ['an entry without offsets', withHeader({ w: { dtype: 'F32', shape: [2] } })],
    ['a shape that is no list', withHeader(entry({ shape: 2 }))],
    ['a shape of negative sizes', withHeader(entry({ shape: [-1, -2] }))],
    ['offsets between bytes', withHeader(entry({ data_offsets: [0.5, 8.5] }), 16)],
  ])('refuses %s with a UserError', (_, bytes) => {
    expect(() => decodeSafetensors(bytes, 'f')).toThrow(UserError);
  });
});
