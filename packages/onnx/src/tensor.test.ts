import { describe, expect, it } from 'vitest';
import { allocate, bytesOf, bytesPerElement, type DType, dtypeCodes, dtypeOfCode, sizeOf, viewBytes } from './tensor.ts';

const dtypes = Object.keys(dtypeCodes) as DType[];

describe('tensor', () => {
  it.each(dtypes)('views %s bytes at every offset of a Node Buffer, copying where they are not aligned', (dtype) => {
    const size = bytesPerElement(dtype);
    const values = allocate(dtype, 3);
    for (let i = 0; i < 3; i++) values[i] = (dtype === 'int64' ? BigInt(i + 1) : i + 1) as never;
    const bytes = bytesOf(values);
    expect(bytes.length).toBe(3 * size);
    for (let offset = 0; offset < 9; offset++) {
      const buffer = Buffer.alloc(64, 0xee);
      buffer.set(bytes, offset);
      const part = buffer.subarray(offset, offset + bytes.length);
      const view = viewBytes(dtype, part);
      expect([...(view as Iterable<unknown>)], `offset ${offset}`).toEqual([...(values as Iterable<unknown>)]);
      const shared = view.buffer === buffer.buffer;
      expect(shared).toBe(part.byteOffset % size === 0);
    }
  });

  it('counts elements: 1 for a scalar, 0 for an empty dimension', () => {
    expect(sizeOf([])).toBe(1);
    expect(sizeOf([2, 3, 4])).toBe(24);
    expect(sizeOf([2, 0, 4])).toBe(0);
  });

  it('names every element type by its number and refuses others', () => {
    for (const dtype of dtypes) expect(dtypeOfCode(dtypeCodes[dtype])).toBe(dtype);
    expect(() => dtypeOfCode(16)).toThrow(/element type 16 .*float32/);
    expect(() => dtypeOfCode(16)).toThrow(RangeError);
  });
});
