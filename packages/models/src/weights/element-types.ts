/**
 * The element types of safetensors. Those weights come in are read as float32: halves and integers exactly where they fit,
 * doubles rounded. Of the others only the size is known, so that a file that holds some is told from a damaged one.
 */
import { decodeFloat16 } from '@mien/onnx';

export interface ElementType {
  /** Bytes of one element. */
  readonly bytes: number;
  /** Little-endian elements → float32, in memory of its own. */
  readonly decode: (bytes: Uint8Array) => Float32Array;
}

/** The bytes in a buffer of their own, aligned for any type. Not `slice`: on a Node Buffer that is a view. */
function bufferOf(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}

/** bfloat16 is the upper half of a float32. */
function decodeBfloat16(halves: Uint16Array): Float32Array {
  return new Float32Array(Uint32Array.from(halves, (half) => half << 16).buffer);
}

/** By safetensors name. */
export const elementTypes: ReadonlyMap<string, ElementType> = new Map<string, ElementType>([
  ['F32', { bytes: 4, decode: (bytes) => new Float32Array(bufferOf(bytes)) }],
  ['F16', { bytes: 2, decode: (bytes) => decodeFloat16(new Uint16Array(bufferOf(bytes))) }],
  ['BF16', { bytes: 2, decode: (bytes) => decodeBfloat16(new Uint16Array(bufferOf(bytes))) }],
  ['F64', { bytes: 8, decode: (bytes) => Float32Array.from(new Float64Array(bufferOf(bytes))) }],
  ['I64', { bytes: 8, decode: (bytes) => Float32Array.from(new BigInt64Array(bufferOf(bytes)), Number) }],
  ['I32', { bytes: 4, decode: (bytes) => Float32Array.from(new Int32Array(bufferOf(bytes))) }],
  ['U8', { bytes: 1, decode: (bytes) => Float32Array.from(bytes) }],
]);

/** Bits of one element of the types that are not read, by safetensors name. */
export const unreadTypes: ReadonlyMap<string, number> = new Map([
  ['BOOL', 8],
  ['F4', 4],
  ['F6_E2M3', 6],
  ['F6_E3M2', 6],
  ['I8', 8],
  ['F8_E5M2', 8],
  ['F8_E4M3', 8],
  ['F8_E8M0', 8],
  ['F8_E5M2FNUZ', 8],
  ['F8_E4M3FNUZ', 8],
  ['I16', 16],
  ['U16', 16],
  ['U32', 32],
  ['U64', 64],
  ['C64', 64],
]);
