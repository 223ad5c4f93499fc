/**
 * safetensors files: named tensors behind a JSON header. Written for checkpoints, read for checkpoints and for weights
 * that come from anywhere, so that nothing a header claims is believed before it is checked.
 * Format: https://github.com/huggingface/safetensors (Apache-2.0; facts only).
 */
import { type Shape, sizeOf } from '@mien/onnx';
import { UserError } from '@mien/runtime';
import { elementTypes, unreadTypes } from './element-types.ts';
import { printableName } from './printable-name.ts';
import { repeatedKey } from './repeated-key.ts';

export interface NamedTensor {
  readonly shape: Shape;
  readonly data: Float32Array;
}

export interface SafetensorsFile {
  readonly tensors: ReadonlyMap<string, NamedTensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** A tensor of a type that is not read, as booleans. */
export interface UnreadTensor {
  readonly name: string;
  readonly shape: Shape;
  /** By safetensors name. */
  readonly type: string;
}

export interface DecodedSafetensors extends SafetensorsFile {
  readonly unread: readonly UnreadTensor[];
}

/** What a header says of one tensor, checked. */
interface Entry {
  readonly name: string;
  readonly dtype: string;
  readonly shape: number[];
  /** First byte and the byte after the last, counted from the end of the header. */
  readonly start: number;
  readonly end: number;
}

/** A header larger than this is hostile or not a header: 8 MiB name more than 50,000 tensors. */
const largestHeaderBytes = 8 * 1024 * 1024;
/** Dimensions a tensor may have. */
const highestRank = 16;

/** Encodes float32 tensors. Throws `RangeError` when a tensor's data does not fit its shape. */
export function encodeSafetensors(file: SafetensorsFile): Uint8Array {
  const entries: [string, unknown][] = [['__metadata__', file.metadata]];
  let offset = 0;
  for (const [name, { shape, data }] of file.tensors) {
    if (data.length !== sizeOf(shape)) throw new RangeError(`safetensors: ${name} [${shape}] needs ${sizeOf(shape)} values, got ${data.length}`);
    entries.push([name, { dtype: 'F32', shape, data_offsets: [offset, offset + data.byteLength] }]);
    offset += data.byteLength;
  }
  // Not assigned key by key: a name may be `__proto__`.
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)));
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

/**
 * Decodes a file into float32, from any type of `elementTypes`; tensors come in the order of their bytes, those of
 * `unreadTypes` by name alone. Throws `UserError` `bad-safetensors` unless every byte of the file belongs to the header or to exactly one tensor.
 */
export function decodeSafetensors(bytes: Uint8Array, file: string): DecodedSafetensors {
  const bad = (what: string): UserError =>
    new UserError('bad-safetensors', `${file}: expected a safetensors file, but ${what}; the file is damaged: fetch or make it again`);
  if (bytes.length < 8) throw bad(`it has only ${bytes.length} bytes`);
  const headerBytes = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  if (headerBytes > largestHeaderBytes || 8 + headerBytes > bytes.length) throw bad(`its header claims ${headerBytes} bytes of ${bytes.length}`);
  const { metadata, entries } = readHeader(bytes.subarray(8, 8 + headerBytes), bad);
  const payload = bytes.subarray(8 + headerBytes);
  const tensors = new Map<string, NamedTensor>();
  const unread: UnreadTensor[] = [];
  let covered = 0;
  for (const { name, dtype, shape, start, end } of entries) {
    const what = `tensor ${printableName(name)}`;
    const type = elementTypes.get(dtype);
    const bits = type ? 8 * type.bytes : unreadTypes.get(dtype);
    if (bits === undefined) throw bad(`${what} is ${printableName(dtype)}, not one of ${[...elementTypes.keys(), ...unreadTypes.keys()].join(', ')}`);
    const fits = end <= payload.length && 8 * (end - start) === sizeOf(shape) * bits;
    if (!fits) throw bad(`${what} [${shape}] does not fit its bytes ${start}–${end} (a truncated file?)`);
    if (start !== covered) throw bad(`${what} starts at byte ${start}, ${start < covered ? 'inside the tensor before it' : `${covered} were taken`}`);
    covered = end;
    if (type) tensors.set(name, { shape, data: type.decode(payload.subarray(start, end)) });
    else unread.push({ name, shape, type: dtype });
  }
  if (covered !== payload.length) throw bad(`${payload.length - covered} bytes after its last tensor belong to none`);
  return { tensors, metadata, unread };
}

function readHeader(bytes: Uint8Array, bad: (what: string) => UserError): { metadata: Record<string, string>; entries: Entry[] } {
  let text: string;
  let header: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    header = JSON.parse(text);
  } catch {
    throw bad('its header is not JSON');
  }
  if (!isRecord(header)) throw bad('its header is not a JSON object');
  const repeated = repeatedKey(text);
  if (repeated !== undefined) throw bad(`its header names ${printableName(repeated)} twice`);
  const { __metadata__: metadata = {}, ...rest } = header;
  if (!isRecord(metadata) || !Object.values(metadata).every((v) => typeof v === 'string')) throw bad('its metadata are not text');
  const entries = Object.entries(rest).map(([name, entry]): Entry => {
    const { dtype, shape, data_offsets: offsets } = isRecord(entry) ? entry : {};
    if (!isCounts(shape) || shape.length > highestRank || !isCounts(offsets) || offsets.length !== 2)
      throw bad(`tensor ${printableName(name)} has no shape and offsets`);
    return { name, dtype: String(dtype), shape, start: offsets[0]!, end: offsets[1]! };
  });
  return { metadata: metadata as Record<string, string>, entries: entries.sort((a, b) => a.start - b.start || a.end - b.end) };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((v) => Number.isSafeInteger(v) && v >= 0);
}
