/**
 * ONNX files read, also those of other writers: values in raw bytes or in typed fields, packed or not; what is not known is
 * skipped. Every complaint is a `RangeError` of one line; nothing is allocated that the file does not hold the bytes of.
 */
import type { Attribute, OnnxModel, OnnxNode, OnnxPort } from './model-file.ts';
import { allocate, bytesPerElement, type DType, dtypeOfCode, sizeOf, type TensorData, type TensorValue, viewBytes } from './tensor.ts';
import { readFields, repeatedDoubles, repeatedFloats, repeatedInts, utf8, type WireField } from './wire.ts';

/** `TensorProto.DataLocation.EXTERNAL`. */
const external = 1n;

function readTensor(bytes: Uint8Array): { name: string; value: TensorValue } {
  const shape: number[] = [];
  const typed: WireField[] = [];
  let code = 1;
  let name = '';
  let raw: Uint8Array | undefined;
  let elsewhere = false;
  for (const f of readFields(bytes)) {
    if (f.field === 1) for (const dim of repeatedInts(f)) shape.push(Number(dim));
    if (f.field === 2) code = Number(f.int);
    if (f.field === 4 || f.field === 5 || f.field === 7 || f.field === 10) typed.push(f);
    if (f.field === 8) name = utf8(f.bytes);
    if (f.field === 9) raw = f.bytes;
    if (f.field === 13 || (f.field === 14 && f.int === external)) elsewhere = true;
  }
  const refuse = (why: string): never => {
    throw new RangeError(`ONNX tensor ${name}: ${why}`);
  };
  if (elsewhere) refuse('its data lie in a separate file, which is not supported; save the model as a single file');
  const dtype = readDType(code, refuse);
  const size = sizeOf(shape);
  if (shape.some((dim) => dim < 0)) refuse(`shape [${shape}] has a negative size`);
  if (raw) {
    const needed = size * bytesPerElement(dtype);
    if (raw.length !== needed) refuse(`shape [${shape}] of ${dtype} needs ${needed} bytes, got ${raw.length}`);
    return { name, value: { dtype, shape, data: viewBytes(dtype, raw) } };
  }
  return { name, value: { dtype, shape, data: readTyped(dtype, shape, size, typed, refuse) } };
}

type Refuse = (why: string) => never;

function readDType(code: number, refuse: Refuse): DType {
  try {
    return dtypeOfCode(code);
  } catch (error) {
    return refuse((error as Error).message);
  }
}

/** The field of `TensorProto` that holds values of each type: float_data, int32_data, int64_data, double_data. */
function fieldOf(dtype: DType): number {
  if (dtype === 'float32') return 4;
  if (dtype === 'int64') return 7;
  return dtype === 'float64' ? 10 : 5;
}

function readTyped(dtype: DType, shape: readonly number[], size: number, fields: readonly WireField[], refuse: Refuse): TensorData {
  const expected = fieldOf(dtype);
  const wrong = fields.find((f) => f.field !== expected);
  if (wrong) refuse(`${dtype} values stand in field ${wrong.field}, not ${expected}`);
  const read: (field: WireField) => readonly bigint[] | Float32Array | Float64Array =
    expected === 4 ? repeatedFloats : expected === 10 ? repeatedDoubles : repeatedInts;
  const parts = fields.map((f) => read(f));
  const count = parts.reduce((sum, part) => sum + part.length, 0);
  // Checked before anything is allocated: a few bytes can claim a shape of gigabytes.
  if (count !== size) refuse(`shape [${shape}] needs ${size} values, got ${count}`);
  const data = allocate(dtype, size);
  let at = 0;
  for (const part of parts) {
    for (const value of part) data[at++] = (typeof value === 'bigint' && dtype !== 'int64' ? Number(value) : value) as never;
  }
  return data;
}

/** The number of each kind in `AttributeProto.AttributeType`, by the field that holds its value. */
const kinds: Readonly<Record<number, number>> = { 2: 1, 3: 2, 4: 3, 5: 4, 7: 6, 8: 7, 9: 8 };

function readAttribute(bytes: Uint8Array): [string, Attribute] {
  let name = '';
  let kind = 0;
  const values: WireField[] = [];
  for (const f of readFields(bytes)) {
    if (f.field === 1) name = utf8(f.bytes);
    else if (f.field === 20) kind = Number(f.int);
    else if (f.field > 1 && f.field < 12) values.push(f);
  }
  // Files of the first ONNX versions do not name the kind.
  kind ||= kinds[values[0]?.field ?? 0] ?? 0;
  const held = values.filter((f) => kinds[f.field] === kind);
  const first = held[0];
  // Writers that follow proto3 leave a zero out.
  if (kind === 1) return [name, { float: first ? (repeatedFloats(first)[0] ?? 0) : 0 }];
  if (kind === 2) return [name, Number(first?.int ?? 0n)];
  if (kind === 3) return [name, first ? utf8(first.bytes) : ''];
  if (kind === 4) {
    if (!first) throw new RangeError(`ONNX attribute ${name}: a tensor without a value`);
    return [name, readTensor(first.bytes).value];
  }
  if (kind === 6) return [name, { floats: held.flatMap((f) => [...repeatedFloats(f)]) }];
  if (kind === 7) return [name, held.flatMap(repeatedInts).map(Number)];
  if (kind === 8) return [name, { strings: held.map((f) => utf8(f.bytes)) }];
  return [name, { encoded: bytes }];
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

function readDimension(bytes: Uint8Array): number | string {
  const fields = [...readFields(bytes)];
  const value = fields.find((f) => f.field === 1);
  const symbol = fields.find((f) => f.field === 2);
  if (value) return Number(value.int);
  return symbol ? utf8(symbol.bytes) : '?';
}

function readPort(bytes: Uint8Array): OnnxPort {
  let name = '';
  let dtype: DType = 'float32';
  const shape: (number | string)[] = [];
  let encodedType: Uint8Array | undefined;
  let hasShape = false;
  for (const f of readFields(bytes)) {
    if (f.field === 1) name = utf8(f.bytes);
    if (f.field !== 2) continue;
    encodedType = f.bytes;
    for (const type of readFields(f.bytes)) {
      if (type.field !== 1) continue;
      for (const part of readFields(type.bytes)) {
        if (part.field === 1) dtype = dtypeOfCode(Number(part.int));
        if (part.field !== 2) continue;
        hasShape = true;
        for (const dim of readFields(part.bytes)) shape.push(readDimension(dim.bytes));
      }
    }
  }
  return { name, dtype, shape, ...(encodedType && !hasShape ? { encodedType: encodedType.slice() } : {}) };
}

function readGraph(graph: Uint8Array): Pick<OnnxModel, 'graphName' | 'nodes' | 'initializers' | 'inputs' | 'outputs'> {
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
    else if (f.field === 15) throw new RangeError('ONNX: sparse initializers are not supported; save the model with dense ones');
  }
  return { graphName, nodes, initializers: Object.fromEntries(initializers), inputs, outputs };
}

/** `read`, with complaints of the wire format turned into one about the file. */
function complainAboutFile<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof RangeError) || error.message.startsWith('ONNX')) throw error;
    throw new RangeError(`ONNX: this is no model file, or a damaged one (${error.message})`, { cause: error });
  }
}

function readModel(bytes: Uint8Array): OnnxModel {
  const opsets: [string, number][] = [];
  let irVersion = 0;
  let producer = '';
  let graph: Uint8Array | undefined;
  const functions: Uint8Array[] = [];
  for (const f of readFields(bytes)) {
    if (f.field === 1) irVersion = Number(f.int);
    else if (f.field === 2) producer = utf8(f.bytes);
    else if (f.field === 7) graph = f.bytes;
    else if (f.field === 25) functions.push(f.bytes.slice());
    else if (f.field === 8) {
      const parts = [...readFields(f.bytes)];
      const domain = parts.find((p) => p.field === 1);
      opsets.push([domain ? utf8(domain.bytes) : '', Number(parts.find((p) => p.field === 2)?.int ?? 0n)]);
    }
  }
  if (!graph) throw new RangeError('ONNX: the file holds no graph');
  // The format demands one since its third version; without it the file was most likely cut off after the graph.
  if (opsets.length === 0) throw new RangeError('ONNX: the file names no operator set; is it cut short?');
  return {
    irVersion,
    opsets: Object.fromEntries(opsets),
    producer,
    ...readGraph(graph),
    metadata: readMetadata(bytes),
    ...(functions.length > 0 ? { functions } : {}),
  };
}

/** Decodes the bytes of an `.onnx` file. Throws `RangeError` on anything that is not one, naming what was found. */
export function decodeModel(bytes: Uint8Array): OnnxModel {
  return complainAboutFile(() => readModel(bytes));
}

/** The free-text metadata of an `.onnx` file, without decoding its graph. Throws as `decodeModel` does. */
export function readMetadata(bytes: Uint8Array): Record<string, string> {
  return complainAboutFile(() => {
    const metadata: [string, string][] = [];
    for (const f of readFields(bytes)) {
      if (f.field !== 14) continue;
      const parts = [...readFields(f.bytes)];
      const key = parts.find((p) => p.field === 1);
      const value = parts.find((p) => p.field === 2);
      metadata.push([key ? utf8(key.bytes) : '', value ? utf8(value.bytes) : '']);
    }
    return Object.fromEntries(metadata);
  });
}
