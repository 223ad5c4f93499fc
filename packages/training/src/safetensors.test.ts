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

  it('a file cut anywhere is refused', () => {
    for (let length = 0; length < small.length; length++) {
      expect(() => decodeSafetensors(small.subarray(0, length), 'last.safetensors'), `cut at ${length}`).toThrow(UserError);
    }
    expect(() => decodeSafetensors(small.subarray(0, small.length - 1), 'last.safetensors')).toThrow(
      /last\.safetensors: expected a safetensors file, but tensor b \[1\] does not fit its bytes/,
    );
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
    ['another type', withHeader(entry({ dtype: 'F16' }))],
    ['offsets beyond the file', withHeader(entry({ data_offsets: [8, 16] }))],
    ['negative offsets', withHeader(entry({ data_offsets: [-8, 0] }))],
    ['offsets that do not fit the shape', withHeader(entry({ data_offsets: [0, 4] }))],
  ])('refuses %s with a UserError', (_, bytes) => {
    expect(() => decodeSafetensors(bytes, 'f')).toThrow(UserError);
  });

  // These end in a TypeError, or are accepted.
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
