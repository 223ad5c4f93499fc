/**
 * The protobuf wire format, as far as ONNX files need it: varints, 32-bit and length-delimited fields.
 * Source: https://protobuf.dev/programming-guides/encoding/
 */

const text = new TextEncoder();
const untext = new TextDecoder();

/** Grows a byte buffer field by field. Field numbers are those of `onnx.proto`. */
export class WireWriter {
  #bytes = new Uint8Array(1024);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + count));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }

  #varint(value: bigint): void {
    this.#reserve(10);
    let rest = BigInt.asUintN(64, value);
    while (rest > 0x7fn) {
      this.#bytes[this.#length++] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    this.#bytes[this.#length++] = Number(rest);
  }

  #tag(field: number, wireType: number): void {
    this.#varint(BigInt((field << 3) | wireType));
  }

  int(field: number, value: number | bigint): void {
    this.#tag(field, 0);
    this.#varint(BigInt(value));
  }

  float(field: number, value: number): void {
    this.#tag(field, 5);
    this.#reserve(4);
    this.#view.setFloat32(this.#length, value, true);
    this.#length += 4;
  }

  bytes(field: number, value: Uint8Array): void {
    this.#tag(field, 2);
    this.#varint(BigInt(value.length));
    this.#reserve(value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
  }

  string(field: number, value: string): void {
    this.bytes(field, text.encode(value));
  }

  message(field: number, write: (writer: WireWriter) => void): void {
    const inner = new WireWriter();
    write(inner);
    this.bytes(field, inner.finish());
  }

  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }
}

/** One decoded field. `number` is set for varints and fixed values, `bytes` for length-delimited fields. */
export interface WireField {
  field: number;
  wireType: number;
  int: bigint;
  bytes: Uint8Array;
}

/**
 * Iterates over the fields of one message without copying.
 * Throws `RangeError` when the message ends in the middle of a field (a truncated file).
 */
export function* readFields(data: Uint8Array): Generator<WireField> {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const none = new Uint8Array(0);
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      if (at >= data.length) throw new RangeError('protobuf: the data ends inside a number');
      const byte = data[at++]!;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asIntN(64, value);
    }
    throw new RangeError('protobuf: a number is longer than 10 bytes');
  };
  const need = (count: number): void => {
    if (count < 0 || at + count > data.length) throw new RangeError('protobuf: the data ends inside a field');
  };
  while (at < data.length) {
    const tag = Number(varint());
    const field = tag >>> 3;
    const wireType = tag & 7;
    if (wireType === 0) {
      yield { field, wireType, int: varint(), bytes: none };
    } else if (wireType === 2) {
      const length = Number(varint());
      need(length);
      yield { field, wireType, int: 0n, bytes: data.subarray(at, at + length) };
      at += length;
    } else if (wireType === 5) {
      need(4);
      yield { field, wireType, int: BigInt(view.getUint32(at, true)), bytes: data.subarray(at, at + 4) };
      at += 4;
    } else if (wireType === 1) {
      need(8);
      yield { field, wireType, int: view.getBigInt64(at, true), bytes: data.subarray(at, at + 8) };
      at += 8;
    } else {
      throw new RangeError(`protobuf: wire type ${wireType} of field ${field} is not known`);
    }
  }
}

/** Reads a repeated varint field, packed or not. Throws `RangeError` when it ends inside a number. */
export function repeatedInts(field: WireField): bigint[] {
  if (field.wireType === 0) return [field.int];
  const values: bigint[] = [];
  let value = 0n;
  let shift = 0n;
  for (const byte of field.bytes) {
    // As `readFields` has it: without an end the numbers grow without one.
    if (shift >= 70n) throw new RangeError('protobuf: a number is longer than 10 bytes');
    value |= BigInt(byte & 0x7f) << shift;
    shift += 7n;
    if (byte < 0x80) {
      values.push(BigInt.asIntN(64, value));
      value = 0n;
      shift = 0n;
    }
  }
  if (shift > 0n) throw new RangeError('protobuf: the data ends inside a number');
  return values;
}

function whole(field: WireField, size: number): DataView {
  if (field.bytes.length % size !== 0) throw new RangeError('protobuf: the data ends inside a number');
  return new DataView(field.bytes.buffer, field.bytes.byteOffset, field.bytes.byteLength);
}

/** Reads a repeated 32-bit float field, packed or not. Throws `RangeError` when it ends inside a number. */
export function repeatedFloats(field: WireField): Float32Array {
  const view = whole(field, 4);
  return Float32Array.from({ length: view.byteLength / 4 }, (_, i) => view.getFloat32(i * 4, true));
}

/** Reads a repeated 64-bit float field, packed or not. Throws `RangeError` when it ends inside a number. */
export function repeatedDoubles(field: WireField): Float64Array {
  const view = whole(field, 8);
  return Float64Array.from({ length: view.byteLength / 8 }, (_, i) => view.getFloat64(i * 8, true));
}

export function utf8(bytes: Uint8Array): string {
  return untext.decode(bytes);
}
