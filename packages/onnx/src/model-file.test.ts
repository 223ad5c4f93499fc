import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeModel, readMetadata } from './decode-model.ts';
import { type Attribute, encodeModel, type OnnxModel, type OnnxNode, type OnnxPort } from './model-file.ts';
import { allocate, type DType, dtypeCodes, sizeOf, type TensorValue, tensor } from './tensor.ts';

const word = fc.string({ unit: 'grapheme', maxLength: 12 });
const float32 = fc.float({ noNaN: true });
const integer = fc.integer({ min: -(2 ** 53) + 1, max: 2 ** 53 - 1 });
const dtypes = Object.keys(dtypeCodes) as DType[];

const anyTensor: fc.Arbitrary<TensorValue> = fc
  .record({ dtype: fc.constantFrom(...dtypes), shape: fc.array(fc.nat(4), { maxLength: 4 }), seed: fc.integer() })
  .map(({ dtype, shape, seed }) => {
    const data = allocate(dtype, sizeOf(shape));
    for (let i = 0; i < data.length; i++) {
      const value = Math.imul(seed + i, 2654435761);
      data[i] = (dtype === 'int64' ? BigInt(value) : dtype.startsWith('float') && dtype !== 'float16' ? value / 977 : value) as never;
    }
    return { dtype, shape, data } as TensorValue;
  });

const anyAttribute: fc.Arbitrary<Attribute> = fc.oneof(
  integer,
  word,
  fc.array(integer, { maxLength: 5 }),
  fc.record({ float: float32 }),
  fc.record({ floats: fc.array(float32, { maxLength: 5 }) }),
  fc.record({ strings: fc.array(word, { maxLength: 3 }) }),
  anyTensor,
);

const anyNode: fc.Arbitrary<OnnxNode> = fc.record({
  opType: word,
  domain: word,
  name: word,
  inputs: fc.array(word, { maxLength: 4 }),
  outputs: fc.array(word, { maxLength: 3 }),
  attributes: fc.dictionary(word, anyAttribute, { maxKeys: 4, noNullPrototype: true }),
});

const anyPort: fc.Arbitrary<OnnxPort> = fc.record({
  name: word,
  dtype: fc.constantFrom(...dtypes),
  shape: fc.array(fc.oneof(fc.nat(5000), word), { maxLength: 5 }),
});

const anyModel: fc.Arbitrary<OnnxModel> = fc.record({
  irVersion: fc.nat(20),
  opsets: fc.dictionary(word, fc.nat(30), { minKeys: 1, maxKeys: 3, noNullPrototype: true }),
  producer: word,
  graphName: word,
  nodes: fc.array(anyNode, { maxLength: 5 }),
  initializers: fc.dictionary(word, anyTensor, { maxKeys: 4, noNullPrototype: true }),
  inputs: fc.array(anyPort, { maxLength: 3 }),
  outputs: fc.array(anyPort, { maxLength: 3 }),
  metadata: fc.dictionary(word, fc.string(), { maxKeys: 4, noNullPrototype: true }),
});

const small: OnnxModel = {
  irVersion: 9,
  opsets: { '': 20 },
  producer: 'test',
  graphName: 'g',
  nodes: [{ opType: 'Gemm', domain: '', name: '', inputs: ['x', 'w', ''], outputs: ['y'], attributes: { transB: 1, alpha: { float: 0.5 }, axes: [-1, 2] } }],
  initializers: { w: tensor.float32(Float32Array.of(1, 2, 3, 4, 5, 6), [2, 3]) },
  inputs: [{ name: 'x', dtype: 'float32', shape: ['N', 3] }],
  outputs: [{ name: 'y', dtype: 'float32', shape: ['N', 2] }],
  metadata: { card: '{"ä":1}' },
};

describe('ONNX files', () => {
  it('any model survives encoding and decoding', () => {
    fc.assert(
      fc.property(anyModel, (model) => {
        const bytes = encodeModel(model);
        expect(decodeModel(bytes)).toEqual(model);
        expect(readMetadata(bytes)).toEqual(model.metadata);
      }),
      { numRuns: 200 },
    );
  });

  it('decodes from the middle of a Node Buffer', () => {
    const bytes = encodeModel(small);
    for (let offset = 0; offset < 4; offset++) {
      const buffer = Buffer.alloc(bytes.length + 8, 0xff);
      buffer.set(bytes, offset);
      expect(decodeModel(buffer.subarray(offset, offset + bytes.length))).toEqual(small);
    }
  });

  it('a file cut anywhere is refused in one line or reads as fewer parts, never anything but a RangeError', () => {
    const bytes = encodeModel(small);
    let refused = 0;
    for (let length = 0; length < bytes.length; length++) {
      try {
        decodeModel(bytes.subarray(0, length));
      } catch (error) {
        expect(error, `cut at ${length}`).toBeInstanceOf(RangeError);
        expect((error as Error).message, `cut at ${length}`).toMatch(/^ONNX[^\n]*$/);
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(bytes.length / 2);
    expect(() => decodeModel(new Uint8Array(0))).toThrow('no graph');
  });

  it('garbage gives a RangeError', () => {
    const decodeOrRange = (bytes: Uint8Array): void => {
      try {
        decodeModel(bytes);
      } catch (error) {
        if (!(error instanceof RangeError && error.message.startsWith('ONNX') && !error.message.includes('\n'))) throw error;
      }
    };
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), decodeOrRange), { numRuns: 1000 });
    const bytes = encodeModel(small);
    const flips = fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
    const flipped = (changes: [number, number][]): void => {
      const changed = bytes.slice();
      for (const [at, value] of changes) changed[at] = value;
      decodeOrRange(changed);
    };
    fc.assert(fc.property(flips, flipped), { numRuns: 3000 });
  });

  it('"to the end", the largest 64-bit integer, stays that', () => {
    const node = { opType: 'Slice', inputs: ['x'], outputs: ['y'], attributes: { ends: [2 ** 63], starts: [0], axis: 2 ** 63 } };
    const [read] = decodeModel(encodeModel({ ...small, nodes: [node] })).nodes;
    expect(read!.attributes).toEqual(node.attributes);
  });

  it('refuses to write a tensor whose data does not fit its shape, naming both', () => {
    const broken = { ...small, initializers: { w: tensor.float32(new Float32Array(5), [2, 3]) } };
    expect(() => encodeModel(broken)).toThrow(/ONNX tensor w: shape \[2,3\] needs 6 values, got 5/);
  });
});
