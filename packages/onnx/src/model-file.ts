/**
 * ONNX model files: the messages of `onnx.proto` that Mien needs, encoded and decoded.
 * Field numbers from https://github.com/onnx/onnx/blob/main/onnx/onnx.proto (Apache-2.0; facts only).
 */
import { allocate, bytesOf, bytesPerElement, type DType, dtypeCodes, dtypeOfCode, type Shape, sizeOf, type TensorValue, viewBytes } from './tensor.ts';
import { readFields, repeatedFloats, repeatedInts, utf8, type WireField, WireWriter } from './wire.ts';

/** An attribute; the value's form decides the ONNX type: integers are `int`, `{float}` forces a float. */
export type Attribute = number | string | readonly number[] | { float: number } | { floats: readonly number[] } | TensorValue;

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

function writeAttribute(w: WireWriter, name: string, value: Attribute): void {
  w.string(1, name);
  if (typeof value === 'number') {
    w.int(3, value);
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
  } else {
    for (const v of value) w.int(8, v);
    w.int(20, 7);
  }
}

function writePort(w: WireWriter, port: OnnxPort): void {
  w.string(1, port.name);
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
          n.message(5, (a) => writeAttribute(a, key, value));
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
  return w.finish();
}

function readTensor(bytes: Uint8Array): { name: string; value: TensorValue } {
  const shape: number[] = [];
  let dtype: DType = 'float32';
  let name = '';
  let raw: Uint8Array | undefined;
  const floats: number[] = [];
  const ints: bigint[] = [];
  for (const f of readFields(bytes)) {
    if (f.field === 1) shape.push(...repeatedInts(f).map(Number));
    else if (f.field === 2) dtype = dtypeOfCode(Number(f.int));
    else if (f.field === 4) floats.push(...repeatedFloats(f));
    else if (f.field === 5 || f.field === 7) for (const v of repeatedInts(f)) ints.push(v);
    else if (f.field === 8) name = utf8(f.bytes);
    else if (f.field === 9) raw = f.bytes;
    else if (f.field === 13) throw new RangeError(`ONNX tensor ${name}: data in a separate file is not supported`);
  }
  const size = sizeOf(shape);
  if (raw) {
    if (raw.length !== size * bytesPerElement(dtype)) {
      throw new RangeError(`ONNX tensor ${name}: shape [${shape}] of ${dtype} needs ${size * bytesPerElement(dtype)} bytes, got ${raw.length}`);
    }
    return { name, value: { dtype, shape, data: viewBytes(dtype, raw) } };
  }
  // Checked before anything is allocated: a few bytes can claim a shape of gigabytes.
  if (Math.max(floats.length, ints.length) !== size) {
    throw new RangeError(`ONNX tensor ${name}: shape [${shape}] needs ${size} values, got ${Math.max(floats.length, ints.length)}`);
  }
  if (floats.length && dtype !== 'float32') throw new RangeError(`ONNX tensor ${name}: ${dtype} values stand in the field for float32`);
  const data = allocate(dtype, size);
  if (floats.length) data.set(floats as never);
  else if (dtype === 'int64') (data as BigInt64Array).set(ints);
  else data.set(ints.map(Number) as never);
  return { name, value: { dtype, shape, data } };
}

function readAttribute(bytes: Uint8Array): [string, Attribute] {
  let name = '';
  let type = 0;
  const held: Record<number, WireField[]> = {};
  for (const f of readFields(bytes)) {
    if (f.field === 1) name = utf8(f.bytes);
    else if (f.field === 20) type = Number(f.int);
    else {
      held[f.field] ??= [];
      held[f.field]!.push(f);
    }
  }
  const first = (field: number): WireField => {
    const found = held[field]?.[0];
    if (!found) throw new RangeError(`ONNX attribute ${name}: type ${type} without a value`);
    return found;
  };
  // Writers that follow proto3 leave a zero out.
  if (type === 1) return [name, { float: held[2] ? (repeatedFloats(first(2))[0] ?? 0) : 0 }];
  if (type === 2) return [name, held[3] ? Number(first(3).int) : 0];
  if (type === 3) return [name, held[4] ? utf8(first(4).bytes) : ''];
  if (type === 4) return [name, readTensor(first(5).bytes).value];
  if (type === 6) return [name, { floats: (held[7] ?? []).flatMap(repeatedFloats) }];
  if (type === 7) return [name, (held[8] ?? []).flatMap(repeatedInts).map(Number)];
  throw new RangeError(`ONNX attribute ${name}: type ${type} is not one Mien reads`);
}

function readNode(bytes: Uint8Array): OnnxNode {
  const inputs: string[] = [];
  const outputs: string[] = [];
  const attributes: [string, Attribute][] = [];
  let name = '';
  let opType = '';
  let domain = '';
  for (const f of readFields(bytes)) {
    if (f.field === 1) inputs.push(utf8(f.bytes));
    else if (f.field === 2) outputs.push(utf8(f.bytes));
    else if (f.field === 3) name = utf8(f.bytes);
    else if (f.field === 4) opType = utf8(f.bytes);
    else if (f.field === 7) domain = utf8(f.bytes);
    else if (f.field === 5) attributes.push(readAttribute(f.bytes));
  }
  // Not assigned key by key: a name may be `__proto__`.
  return { opType, domain, name, inputs, outputs, attributes: Object.fromEntries(attributes) };
}

function readPort(bytes: Uint8Array): OnnxPort {
  let name = '';
  let dtype: DType = 'float32';
  const shape: (number | string)[] = [];
  for (const f of readFields(bytes)) {
    if (f.field === 1) name = utf8(f.bytes);
    if (f.field !== 2) continue;
    for (const type of readFields(f.bytes)) {
      if (type.field !== 1) continue;
      for (const part of readFields(type.bytes)) {
        if (part.field === 1) dtype = dtypeOfCode(Number(part.int));
        if (part.field !== 2) continue;
        for (const dim of readFields(part.bytes)) {
          const fields = [...readFields(dim.bytes)];
          const value = fields.find((d) => d.field === 1);
          const symbol = fields.find((d) => d.field === 2);
          shape.push(value ? Number(value.int) : symbol ? utf8(symbol.bytes) : '?');
        }
      }
    }
  }
  return { name, dtype, shape };
}

/** Decodes the bytes of an `.onnx` file. Throws `RangeError` on anything that is not one, naming what was found. */
export function decodeModel(bytes: Uint8Array): OnnxModel {
  const opsets: [string, number][] = [];
  let irVersion = 0;
  let producer = '';
  let graph: Uint8Array | undefined;
  for (const f of readFields(bytes)) {
    if (f.field === 1) irVersion = Number(f.int);
    else if (f.field === 2) producer = utf8(f.bytes);
    else if (f.field === 7) graph = f.bytes;
    else if (f.field === 8) {
      const parts = [...readFields(f.bytes)];
      const domain = parts.find((p) => p.field === 1);
      opsets.push([domain ? utf8(domain.bytes) : '', Number(parts.find((p) => p.field === 2)?.int ?? 0n)]);
    }
  }
  if (!graph) throw new RangeError('ONNX: the file holds no graph');
  const nodes: OnnxNode[] = [];
  const initializers: [string, TensorValue][] = [];
  const inputs: OnnxPort[] = [];
  const outputs: OnnxPort[] = [];
  let graphName = '';
  for (const f of readFields(graph)) {
    if (f.field === 1) nodes.push(readNode(f.bytes));
    else if (f.field === 2) graphName = utf8(f.bytes);
    else if (f.field === 5) {
      const { name, value } = readTensor(f.bytes);
      initializers.push([name, value]);
    } else if (f.field === 11) inputs.push(readPort(f.bytes));
    else if (f.field === 12) outputs.push(readPort(f.bytes));
  }
  const metadata = readMetadata(bytes);
  return {
    irVersion,
    opsets: Object.fromEntries(opsets),
    producer,
    graphName,
    nodes,
    initializers: Object.fromEntries(initializers),
    inputs,
    outputs,
    metadata,
  };
}

/** The free-text metadata of an `.onnx` file, without decoding its graph. */
export function readMetadata(bytes: Uint8Array): Record<string, string> {
  const metadata: [string, string][] = [];
  for (const f of readFields(bytes)) {
    if (f.field !== 14) continue;
    const parts = [...readFields(f.bytes)];
    const key = parts.find((p) => p.field === 1);
    const value = parts.find((p) => p.field === 2);
    metadata.push([key ? utf8(key.bytes) : '', value ? utf8(value.bytes) : '']);
  }
  return Object.fromEntries(metadata);
}

export type { Shape };
