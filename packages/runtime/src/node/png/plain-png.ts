/** Decoding of PNG files as stores and data hubs write them: 8 bits, grey or RGB, nothing else. A thirtieth of what a library's pipeline costs. */
import { crc32, inflateSync } from 'node:zlib';
import type { Image } from '../../image.ts';
import { chunkType, harmlessChunks, readPngHeader } from './png-header.ts';

/**
 * The picture, sample for sample what a library decodes; undefined for any other file, one that is damaged, and one larger than
 * `maxPixels`: those are for the library, which has the message too.
 */
export function decodePlainPng(bytes: Uint8Array, maxPixels: number): Image | undefined {
  const header = readPngHeader(bytes);
  if (!header) return undefined;
  const { width, height, bitDepth, colourType, interlaced } = header;
  if (bitDepth !== 8 || (colourType !== 0 && colourType !== 2) || interlaced || !(width > 0 && height > 0) || width * height > maxPixels) return undefined;
  const compressed = dataOf(bytes);
  if (!compressed) return undefined;
  const channels = colourType === 0 ? 1 : 3;
  const rowBytes = channels * width;
  const size = height * (rowBytes + 1);
  let filtered: Uint8Array;
  try {
    filtered = inflateSync(compressed, { maxOutputLength: size });
  } catch {
    return undefined;
  }
  if (filtered.length !== size) return undefined;
  const data = unfilter(filtered, height, rowBytes, channels);
  return data && { width, height, channels, data };
}

/** The bytes of all IDAT chunks; undefined where a chunk is damaged or changes what samples mean. */
function dataOf(bytes: Uint8Array): Uint8Array | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const parts: Uint8Array[] = [];
  for (let at = 8; at + 12 <= bytes.length; ) {
    const length = view.getUint32(at);
    if (at + 12 + length > bytes.length) return undefined;
    const type = chunkType(bytes, at);
    if (view.getUint32(at + 8 + length) !== crc32(bytes.subarray(at + 4, at + 8 + length))) return undefined;
    if (type === 'IDAT') parts.push(bytes.subarray(at + 8, at + 8 + length));
    else if (type === 'IEND') return parts.length === 1 ? parts[0] : parts.length > 1 ? Buffer.concat(parts) : undefined;
    else if (type !== 'IHDR' && !harmlessChunks.has(type)) return undefined;
    at += 12 + length;
  }
  return undefined;
}

/** Undoes the filter of each row (PNG specification, section 9); undefined for a filter there is not. */
function unfilter(filtered: Uint8Array, height: number, rowBytes: number, channels: number): Uint8Array | undefined {
  const out = new Uint8Array(height * rowBytes);
  for (let y = 0; y < height; y++) {
    const from = y * (rowBytes + 1);
    const filter = filtered[from]!;
    if (filter > 4) return undefined;
    const row = y * rowBytes;
    for (let x = 0; x < rowBytes; x++) {
      const left = x >= channels ? out[row + x - channels]! : 0;
      const above = y > 0 ? out[row - rowBytes + x]! : 0;
      const corner = x >= channels && y > 0 ? out[row - rowBytes + x - channels]! : 0;
      out[row + x] = filtered[from + 1 + x]! + predicted(filter, left, above, corner);
    }
  }
  return out;
}

function predicted(filter: number, left: number, above: number, corner: number): number {
  if (filter === 0) return 0;
  if (filter === 1) return left;
  if (filter === 2) return above;
  if (filter === 3) return (left + above) >> 1;
  const [toLeft, toAbove, toCorner] = [Math.abs(above - corner), Math.abs(left - corner), Math.abs(left + above - 2 * corner)];
  return toLeft <= toAbove && toLeft <= toCorner ? left : toAbove <= toCorner ? above : corner;
}
