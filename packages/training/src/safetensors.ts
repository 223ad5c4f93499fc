/**
 * safetensors files: named float32 tensors behind a JSON header. Written for checkpoints, read for checkpoints.
 * Format: https://github.com/huggingface/safetensors (Apache-2.0; facts only).
 */
import { type Shape, sizeOf } from '@mien/onnx';
import { UserError } from '@mien/runtime';

export interface NamedTensor {
  readonly shape: Shape;
  readonly data: Float32Array;
}

export interface SafetensorsFile {
  readonly tensors: ReadonlyMap<string, NamedTensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

interface HeaderEntry {
  dtype: string;
  shape: number[];
  data_offsets: [number, number];
}

/** A header larger than this is hostile or not a header. */
const largestHeaderBytes = 32 * 1024 * 1024;

export function encodeSafetensors(file: SafetensorsFile): Uint8Array {
  const header: Record<string, unknown> = { __metadata__: file.metadata };
  let offset = 0;
  for (const [name, { shape, data }] of file.tensors) {
    header[name] = { dtype: 'F32', shape, data_offsets: [offset, offset + data.byteLength] };
    offset += data.byteLength;
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  // Padded with spaces, so that the tensors start at a multiple of 8.
  const headerBytes = Math.ceil(json.length / 8) * 8;
  const out = new Uint8Array(8 + headerBytes + offset);
  new DataView(out.buffer).setBigUint64(0, BigInt(headerBytes), true);
  out.fill(0x20, 8, 8 + headerBytes);
  out.set(json, 8);
  let at = 8 + headerBytes;
  for (const { data } of file.tensors.values()) {
    out.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return out;
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((v) => Number.isSafeInteger(v) && v >= 0);
}

/** Throws `UserError` when the bytes are not a whole safetensors file of float32 tensors. */
export function decodeSafetensors(bytes: Uint8Array, file: string): SafetensorsFile {
  const bad = (what: string): UserError => new UserError('bad-safetensors', `${file}: expected a safetensors file, but ${what}`);
  if (bytes.length < 8) throw bad(`it has only ${bytes.length} bytes`);
  const headerBytes = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  if (headerBytes > largestHeaderBytes || 8 + headerBytes > bytes.length) throw bad(`its header claims ${headerBytes} bytes of ${bytes.length}`);
  let header: Record<string, unknown>;
  try {
    header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + headerBytes))) as Record<string, unknown>;
  } catch {
    throw bad('its header is not JSON');
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header)) throw bad('its header is not a JSON object');
  const { __metadata__: metadata = {}, ...entries } = header;
  const tensors = new Map<string, NamedTensor>();
  for (const [name, entry] of Object.entries(entries)) {
    const { dtype, shape, data_offsets: offsets } = (entry ?? {}) as Partial<HeaderEntry>;
    if (!isCounts(shape) || !isCounts(offsets) || offsets.length !== 2) throw bad(`tensor ${name} has no shape and offsets`);
    if (dtype !== 'F32') throw bad(`tensor ${name} is ${dtype}, not F32`);
    const [start, end] = offsets as [number, number];
    const fits = end <= bytes.length - 8 - headerBytes && end - start === sizeOf(shape) * 4;
    if (!fits) throw bad(`tensor ${name} [${shape}] does not fit its bytes ${start}–${end} (a truncated file?)`);
    // Copied: the file's buffer may not be aligned. Not `slice`: on a Node Buffer that is a view.
    const data = new Uint8Array(bytes.subarray(8 + headerBytes + start, 8 + headerBytes + end));
    tensors.set(name, { shape, data: new Float32Array(data.buffer) });
  }
  return { tensors, metadata: metadata as Record<string, string> };
}
