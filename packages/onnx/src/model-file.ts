/**
 * ONNX models, and their encoding: the messages of `onnx.proto` that Mien needs; `decode-model.ts` reads them.
 * Field numbers from https://github.com/onnx/onnx/blob/main/onnx/onnx.proto (Apache-2.0; facts only).
 */
import { bytesOf, type DType, dtypeCodes, sizeOf, type TensorValue } from './tensor.ts';
import { WireWriter } from './wire.ts';

/**
 * An attribute; the value's form decides the ONNX type: integers are `int`, `{float}` forces a float. `{encoded}` is one of a
 * kind Mien has no use for (a subgraph, a list of tensors), as the bytes of its message: read and written, not looked into.
 */
export type Attribute =
  | number
  | string
  | readonly number[]
  | { float: number }
  | { floats: readonly number[] }
  | { strings: readonly string[] }
  | TensorValue
  | { encoded: Uint8Array };

export interface OnnxNode {
  readonly opType: string;
  readonly domain?: string;
  readonly name?: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, Attribute>>;
}

/** A graph input or output. A string dimension is symbolic, as `'N'` for the batch. */
export interface OnnxPort {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly (number | string)[];
  /** The port's type as another writer encoded it, where it is no tensor or of a rank not told: `dtype` and `shape` say nothing then. */
  readonly encodedType?: Uint8Array;
}

export interface OnnxModel {
  readonly irVersion: number;
  /** Operator-set version by domain; `''` is the standard domain. */
  readonly opsets: Readonly<Record<string, number>>;
  readonly producer: string;
  readonly graphName: string;
  readonly nodes: readonly OnnxNode[];
  readonly initializers: Readonly<Record<string, TensorValue>>;
  readonly inputs: readonly OnnxPort[];
  readonly outputs: readonly OnnxPort[];
  /** `metadata_props`: free text by key. Mien keeps the card here. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Functions of another writer's, that nodes may call, as they were encoded. */
  readonly functions?: readonly Uint8Array[];
}

function writeTensor(w: WireWriter, name: string, t: TensorValue): void {
  const size = sizeOf(t.shape);
  if (t.data.length !== size) {
    throw new RangeError(`ONNX tensor ${name}: shape [${t.shape}] needs ${size} values, got ${t.data.length}`);
  }
  for (const dim of t.shape) w.int(1, dim);
  w.int(2, dtypeCodes[t.dtype]);
  w.string(8, name);
  w.bytes(9, bytesOf(t.data));
}

const largestInt64 = 2n ** 63n - 1n;

/** The nearest 64-bit integer: "to the end" is written as the largest, which a JavaScript number rounds up. */
function asInt64(value: number): bigint {
  const exact = BigInt(value);
  return exact > largestInt64 ? largestInt64 : exact;
}

function writeAttribute(w: WireWriter, name: string, value: Exclude<Attribute, { encoded: Uint8Array }>): void {
  w.string(1, name);
  if (typeof value === 'number') {
    w.int(3, asInt64(value));
    w.int(20, 2);
  } else if (typeof value === 'string') {
    w.string(4, value);
    w.int(20, 3);
  } else if ('dtype' in value) {
    w.message(5, (inner) => writeTensor(inner, '', value));
    w.int(20, 4);
  } else if ('float' in value) {
    w.float(2, value.float);
    w.int(20, 1);
  } else if ('floats' in value) {
    for (const v of value.floats) w.float(7, v);
    w.int(20, 6);
  } else if ('strings' in value) {
    for (const v of value.strings) w.string(9, v);
    w.int(20, 8);
  } else {
    for (const v of value) w.int(8, asInt64(v));
    w.int(20, 7);
  }
}

function writePort(w: WireWriter, port: OnnxPort): void {
  w.string(1, port.name);
  if (port.encodedType) {
    w.bytes(2, port.encodedType);
    return;
  }
  w.message(2, (type) =>
    type.message(1, (tensorType) => {
      tensorType.int(1, dtypeCodes[port.dtype]);
      tensorType.message(2, (shape) => {
        for (const dim of port.shape) {
          shape.message(1, (d) => (typeof dim === 'string' ? d.string(2, dim) : d.int(1, dim)));
        }
      });
    }),
  );
}

/** Encodes a model as the bytes of an `.onnx` file. Throws `RangeError` when a tensor's data does not fit its shape. */
export function encodeModel(model: OnnxModel): Uint8Array {
  const w = new WireWriter();
  w.int(1, model.irVersion);
  w.string(2, model.producer);
  w.message(7, (graph) => {
    for (const node of model.nodes) {
      graph.message(1, (n) => {
        for (const input of node.inputs) n.string(1, input);
        for (const output of node.outputs) n.string(2, output);
        if (node.name) n.string(3, node.name);
        n.string(4, node.opType);
        for (const [key, value] of Object.entries(node.attributes ?? {})) {
          if (typeof value === 'object' && 'encoded' in value) n.bytes(5, value.encoded);
          else n.message(5, (a) => writeAttribute(a, key, value));
        }
        if (node.domain) n.string(7, node.domain);
      });
    }
    graph.string(2, model.graphName);
    for (const [name, value] of Object.entries(model.initializers)) graph.message(5, (t) => writeTensor(t, name, value));
    for (const port of model.inputs) graph.message(11, (p) => writePort(p, port));
    for (const port of model.outputs) graph.message(12, (p) => writePort(p, port));
  });
  for (const [domain, version] of Object.entries(model.opsets)) {
    w.message(8, (o) => {
      if (domain) o.string(1, domain);
      o.int(2, version);
    });
  }
  for (const [key, value] of Object.entries(model.metadata)) {
    w.message(14, (m) => {
      m.string(1, key);
      m.string(2, value);
    });
  }
  for (const each of model.functions ?? []) w.bytes(25, each);
  return w.finish();
}
