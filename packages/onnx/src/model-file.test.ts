import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Attribute, decodeModel, encodeModel, type OnnxModel, type OnnxNode, type OnnxPort, readMetadata } from './model-file.ts';
import { allocate, type DType, dtypeCodes, sizeOf, type TensorValue, tensor } from './tensor.ts';
import { WireWriter } from './wire.ts';

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
  opsets: fc.dictionary(word, fc.nat(30), { maxKeys: 3, noNullPrototype: true }),
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

  it('a file cut anywhere is refused or reads as fewer parts, never anything but a RangeError', () => {
    const bytes = encodeModel(small);
    let refused = 0;
    for (let length = 0; length < bytes.length; length++) {
      try {
        decodeModel(bytes.subarray(0, length));
      } catch (error) {
        expect(error, `cut at ${length}`).toBeInstanceOf(RangeError);
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
        if (!(error instanceof RangeError)) throw error;
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

  it('a shape that asks for gigabytes of nothing is refused before they are allocated', () => {
    const w = new WireWriter();
    w.message(7, (graph) =>
      graph.message(5, (t) => {
        t.int(1, 2 ** 31);
        t.int(1, 2 ** 20);
        t.int(2, dtypeCodes.float32);
        t.string(8, 'w');
      }),
    );
    expect(() => decodeModel(w.finish())).toThrow(/ONNX tensor w: shape \[2147483648,1048576\]/);
  });

  it('reads the typed fields other writers use instead of raw bytes', () => {
    const w = new WireWriter();
    w.message(7, (graph) => {
      graph.message(5, (t) => {
        t.int(1, 2);
        t.int(2, dtypeCodes.float32);
        t.float(4, 1.5);
        t.float(4, -2);
        t.string(8, 'floats');
      });
      graph.message(5, (t) => {
        t.int(1, 2);
        t.int(2, dtypeCodes.int64);
        t.int(7, -7);
        t.int(7, 8);
        t.string(8, 'longs');
      });
      graph.message(5, (t) => {
        t.int(1, 1);
        t.int(2, dtypeCodes.float16);
        t.int(5, 0x3c00);
        t.string(8, 'half');
      });
    });
    const { initializers } = decodeModel(w.finish());
    expect([...(initializers.floats!.data as Float32Array)]).toEqual([1.5, -2]);
    expect([...(initializers.longs!.data as BigInt64Array)]).toEqual([-7n, 8n]);
    expect([...(initializers.half!.data as Uint16Array)]).toEqual([0x3c00]);
  });

  it('refuses to write a tensor whose data does not fit its shape, naming both', () => {
    const broken = { ...small, initializers: { w: tensor.float32(new Float32Array(5), [2, 3]) } };
    expect(() => encodeModel(broken)).toThrow(/ONNX tensor w: shape \[2,3\] needs 6 values, got 5/);
  });
});
