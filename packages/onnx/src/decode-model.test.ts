/** Files of other writers, real ones and ones that no writer would write. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeModel } from './decode-model.ts';
import { initializersOf } from './initializers.ts';
import { encodeModel } from './model-file.ts';
import { createSession } from './node/index.ts';
import { bytesOf, dtypeCodes, sizeOf } from './tensor.ts';
import { WireWriter } from './wire.ts';

/** The bytes of a file with this graph. */
function file(graph: (w: WireWriter) => void): Uint8Array {
  const w = new WireWriter();
  w.message(7, graph);
  w.message(8, (opset) => opset.int(2, 20));
  return w.finish();
}

/** A file with one initializer, and what is read of it. */
function initializer(write: (t: WireWriter) => void) {
  return decodeModel(file((graph) => graph.message(5, write))).initializers;
}

function each(values: readonly number[], write: (value: number) => void): void {
  for (const value of values) write(value);
}

function packed(values: readonly number[]): Uint8Array {
  const w = new WireWriter();
  for (const v of values) w.int(1, v);
  // Each value was written behind a tag of one byte; packed values have none.
  const bytes = w.finish();
  const out: number[] = [];
  for (let at = 0; at < bytes.length; ) {
    at++;
    do out.push(bytes[at]!);
    while (bytes[at++]! >= 0x80);
  }
  return Uint8Array.from(out);
}

describe('values in typed fields', () => {
  it.each<[keyof typeof dtypeCodes, number, (t: WireWriter) => void, readonly (number | bigint)[]]>([
    ['float32', 4, (t) => each([1.5, -2], (v) => t.float(4, v)), [1.5, -2]],
    ['float32', 4, (t) => t.bytes(4, new Uint8Array(Float32Array.of(1.5, -2).buffer)), [1.5, -2]],
    ['float64', 10, (t) => t.bytes(10, new Uint8Array(Float64Array.of(0.1, -1e300).buffer)), [0.1, -1e300]],
    ['int64', 7, (t) => each([-7, 8], (v) => t.int(7, v)), [-7n, 8n]],
    ['int64', 7, (t) => t.bytes(7, packed([-7, 2 ** 40])), [-7n, 2n ** 40n]],
    ['int32', 5, (t) => t.bytes(5, packed([-1, 2 ** 31 - 1])), [-1, 2 ** 31 - 1]],
    ['int8', 5, (t) => t.bytes(5, packed([-128, 127])), [-128, 127]],
    ['uint8', 5, (t) => t.bytes(5, packed([0, 255])), [0, 255]],
    ['bool', 5, (t) => t.bytes(5, packed([1, 0])), [1, 0]],
    ['float16', 5, (t) => t.bytes(5, packed([0x3c00, 0xc000])), [0x3c00, 0xc000]],
  ])('%s in field %i', (dtype, _, write, expected) => {
    const { w } = initializer((t) => {
      t.int(1, 2);
      t.int(2, dtypeCodes[dtype]);
      write(t);
      t.string(8, 'w');
    });
    expect(w!.dtype).toBe(dtype);
    expect([...(w!.data as Iterable<number | bigint>)]).toEqual(expected);
  });

  it('a million of them', () => {
    const values = Float32Array.from({ length: 1_000_000 }, (_, i) => i);
    const { w } = initializer((t) => {
      t.bytes(1, packed([1000, 1000]));
      t.int(2, dtypeCodes.float32);
      t.bytes(4, new Uint8Array(values.buffer));
      t.string(8, 'w');
    });
    expect(w!.shape).toEqual([1000, 1000]);
    expect(Buffer.compare(bytesOf(w!.data), bytesOf(values))).toBe(0);
  });
});

describe('what is refused, in one line that names the tensor', () => {
  const shaped =
    (dims: readonly number[], dtype: number, more: (t: WireWriter) => void = () => undefined) =>
    () =>
      initializer((t) => {
        for (const dim of dims) t.int(1, dim);
        t.int(2, dtype);
        t.string(8, 'w');
        more(t);
      });

  it.each<[string, () => unknown, RegExp]>([
    ['a shape that asks for gigabytes of nothing', shaped([2 ** 31, 2 ** 20], 1), /^ONNX tensor w: shape \[2147483648,1048576\] needs \d+ values, got 0$/],
    ['negative sizes whose product is positive', shaped([-1, -1], 1, (t) => t.float(4, 1)), /^ONNX tensor w: shape \[-1,-1\] has a negative size$/],
    ['too few raw bytes', shaped([3], 1, (t) => t.bytes(9, new Uint8Array(8))), /^ONNX tensor w: shape \[3\] of float32 needs 12 bytes, got 8$/],
    ['values in another type’s field', shaped([1], 7, (t) => t.float(4, 1)), /^ONNX tensor w: int64 values stand in field 4, not 7$/],
    ['an element type Mien does not read', shaped([1], 16), /^ONNX tensor w: .*16/],
    ['external data', shaped([1], 1, (t) => t.message(13, (e) => e.string(1, 'location'))), /^ONNX tensor w: its data lie in a separate file/],
    ['external data, told by its location alone', shaped([1], 1, (t) => t.int(14, 1)), /^ONNX tensor w: its data lie in a separate file/],
    ['a number without an end', shaped([], 1, (t) => t.bytes(1, new Uint8Array(100_000).fill(0xff))), /^ONNX: .*a number is longer than 10 bytes/],
    ['sparse weights', () => decodeModel(file((g) => g.message(15, (s) => s.int(3, 4)))), /^ONNX: sparse initializers are not supported/],
    [
      'a picture',
      () => decodeModel(Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)),
      /^ONNX: this is no model file, or a damaged one \(protobuf: /,
    ],
    ['nothing', () => decodeModel(new Uint8Array(0)), /^ONNX: the file holds no graph$/],
    ['a file cut off after its graph', () => decodeModel(file(() => undefined).subarray(0, 2)), /^ONNX: the file names no operator set; is it cut short\?$/],
  ])('%s', (_, read, message) => {
    expect(read).toThrow(RangeError);
    expect(read).toThrow(message);
  });
});

describe('what is not known', () => {
  it('fields of later versions are skipped', () => {
    const { w } = initializer((t) => {
      t.int(1, 1);
      t.int(2, dtypeCodes.float32);
      t.float(4, 3);
      t.string(8, 'w');
      t.string(12, 'a doc string');
      t.int(900, 5);
      t.message(901, (m) => m.int(1, 1));
    });
    expect([...(w!.data as Float32Array)]).toEqual([3]);
  });

  it('ports of other kinds, ranks that are not told and functions survive being read and written', () => {
    const w = new WireWriter();
    w.message(7, (graph) => {
      graph.message(11, (port) => {
        port.string(1, 'x');
        port.message(2, (type) => type.message(1, (t) => t.int(1, 1)));
      });
      graph.message(12, (port) => {
        port.string(1, 'list');
        port.message(2, (type) => type.message(4, (sequence) => sequence.message(1, (of) => of.message(1, (t) => t.int(1, 1)))));
      });
    });
    w.message(8, (opset) => opset.int(2, 20));
    w.message(25, (f) => f.string(1, 'Twice'));
    const read = decodeModel(w.finish());
    const again = decodeModel(encodeModel(read));
    expect(again).toEqual(read);
    expect([again.inputs[0]!.encodedType, again.outputs[0]!.encodedType, again.functions].every(Boolean)).toBe(true);
  });

  it('subgraphs and lists of strings survive being read and written, and still run', async () => {
    const bytes = encodeModel({
      irVersion: 9,
      opsets: { '': 20 },
      producer: 'test',
      graphName: 'g',
      nodes: [{ opType: 'If', inputs: ['c'], outputs: ['y'], attributes: { then_branch: branch('then_branch', 1), else_branch: branch('else_branch', 2) } }],
      initializers: {},
      inputs: [{ name: 'c', dtype: 'bool', shape: [] }],
      outputs: [{ name: 'y', dtype: 'float32', shape: [] }],
      metadata: {},
    });
    const again = encodeModel(decodeModel(bytes));
    expect(again).toEqual(bytes);
    const session = await createSession(again, { threads: 1 });
    const y = async (c: number) => (await session.run({ c: { dtype: 'bool', shape: [], data: Uint8Array.of(c) } })).y!.data[0];
    expect([await y(1), await y(0)]).toEqual([1, 2]);
    await session.release();
  });

  /** A subgraph attribute that gives a constant, as a writer would write it. */
  function branch(name: string, value: number): { encoded: Uint8Array } {
    const w = new WireWriter();
    w.string(1, name);
    w.message(6, (graph) => {
      graph.message(1, (node) => {
        node.string(2, 'out');
        node.string(4, 'Constant');
        node.message(5, (a) => {
          a.string(1, 'value_float');
          a.float(2, value);
          a.int(20, 1);
        });
      });
      graph.string(2, name);
      graph.message(12, (port) => {
        port.string(1, 'out');
        port.message(2, (type) =>
          type.message(1, (t) => {
            t.int(1, 1);
            t.message(2, () => undefined);
          }),
        );
      });
    });
    w.int(20, 5);
    return { encoded: w.finish() };
  }

  it('an attribute of the first versions, without its kind, is known by its field', () => {
    const [node] = decodeModel(
      file((graph) =>
        graph.message(1, (n) => {
          n.string(4, 'Conv');
          n.message(5, (a) => {
            a.string(1, 'kernel_shape');
            a.int(8, 3);
            a.int(8, 3);
          });
        }),
      ),
    ).nodes;
    expect(node!.attributes).toEqual({ kernel_shape: [3, 3] });
  });
});

const detectors = process.env.MIEN_DATA ? join(process.env.MIEN_DATA, '../detectors') : undefined;
const real = detectors && existsSync(detectors) ? readdirSync(detectors).filter((name) => name.endsWith('.onnx')) : [];
if (real.length === 0) console.warn('ONNX files of other writers: skipped. Set MIEN_DATA to a folder beside `detectors/` with YuNet’s .onnx files.');

describe.skipIf(real.length === 0)('YuNet', () => {
  it.each(real)('%s: all weights by name; written again, it runs as before', async (name) => {
    const bytes = readFileSync(join(detectors!, name));
    const model = decodeModel(bytes);
    const weights = initializersOf(model);
    expect(weights.size).toBeGreaterThan(50);
    for (const [weight, { shape, data }] of weights) expect(data.length, weight).toBe(sizeOf(shape));
    const used = new Set(model.nodes.flatMap((n) => n.inputs));
    for (const weight of Object.keys(model.initializers)) expect(used.has(weight), weight).toBe(true);

    const size = name.includes('640') ? 640 : 320;
    const data = Float32Array.from({ length: 3 * size * size }, (_, i) => (i * 37) % 256);
    const results = [];
    for (const source of [bytes, encodeModel(model)]) {
      const session = await createSession(source);
      results.push(await session.run({ [session.inputNames[0]!]: { dtype: 'float32', shape: [1, 3, size, size], data } }));
      await session.release();
    }
    expect(results[1]).toEqual(results[0]);
  });

  it('damaged anywhere, it is refused in one line or read, in no time', () => {
    const bytes = readFileSync(join(detectors!, real[0]!));
    const damage = fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(damage, fc.nat(bytes.length), (changes, length) => {
        const damaged = Uint8Array.from(bytes.subarray(0, length));
        for (const [at, value] of changes) if (at < length) damaged[at] = value;
        try {
          decodeModel(damaged);
        } catch (error) {
          if (!(error instanceof RangeError && /^ONNX[^\n]*$/.test(error.message))) throw error;
        }
      }),
      { numRuns: 150 },
    );
  });
});
