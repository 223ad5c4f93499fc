/** Tensors as ONNX stores them: element types, shapes and raw little-endian data. */

/** Element types Mien reads and writes, with the numbers of `TensorProto.DataType`. */
export const dtypeCodes = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  float64: 11,
} as const;

export type DType = keyof typeof dtypeCodes;
export type Shape = readonly number[];

/** The array type that holds each element type. float16 travels as its 16 bits. */
export interface DTypeArrays {
  float32: Float32Array;
  uint8: Uint8Array;
  int8: Int8Array;
  int32: Int32Array;
  int64: BigInt64Array;
  bool: Uint8Array;
  float16: Uint16Array;
  float64: Float64Array;
}
export type TensorData = DTypeArrays[DType];

export interface TensorValue<D extends DType = DType> {
  readonly dtype: D;
  readonly shape: Shape;
  readonly data: DTypeArrays[D];
}

const arrayTypes = {
  float32: Float32Array,
  uint8: Uint8Array,
  int8: Int8Array,
  int32: Int32Array,
  int64: BigInt64Array,
  bool: Uint8Array,
  float16: Uint16Array,
  float64: Float64Array,
} as const;

/** Number of elements of a shape; 1 for a scalar. */
export function sizeOf(shape: Shape): number {
  return shape.reduce((product, dim) => product * dim, 1);
}

/** Bytes of one element. */
export function bytesPerElement(dtype: DType): number {
  return arrayTypes[dtype].BYTES_PER_ELEMENT;
}

export function allocate<D extends DType>(dtype: D, size: number): DTypeArrays[D] {
  return new arrayTypes[dtype](size) as DTypeArrays[D];
}

export function dtypeOfCode(code: number): DType {
  for (const [name, value] of Object.entries(dtypeCodes)) if (value === code) return name as DType;
  throw new RangeError(`ONNX: element type ${code} is not one Mien reads (${Object.keys(dtypeCodes).join(', ')})`);
}

/** A typed view of raw bytes; copies only when the offset is not aligned to the element size. */
export function viewBytes<D extends DType>(dtype: D, bytes: Uint8Array): DTypeArrays[D] {
  const size = bytesPerElement(dtype);
  // Not `slice`: on a Node Buffer that is another view of the same memory.
  const aligned = bytes.byteOffset % size === 0 ? bytes : new Uint8Array(bytes);
  return new arrayTypes[dtype](aligned.buffer as ArrayBuffer, aligned.byteOffset, Math.floor(aligned.byteLength / size)) as DTypeArrays[D];
}

export function bytesOf(data: TensorData): Uint8Array {
  return new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
}

export const tensor = {
  float32: (data: Float32Array, shape: Shape): TensorValue<'float32'> => ({ dtype: 'float32', shape, data }),
  uint8: (data: Uint8Array, shape: Shape): TensorValue<'uint8'> => ({ dtype: 'uint8', shape, data }),
  float16: (data: Uint16Array, shape: Shape): TensorValue<'float16'> => ({ dtype: 'float16', shape, data }),
  int64: (values: readonly number[], shape: Shape = [values.length]): TensorValue<'int64'> => ({
    dtype: 'int64',
    shape,
    data: BigInt64Array.from(values, (v) => BigInt(v)),
  }),
};
