/**
 * Size and channels of the usual PNG and JPEG files, read from their first bytes. A library's pipeline costs more than a millisecond an
 * image, which is most of an import of small faces; whatever is unusual is left to it.
 */
import { chunkType, harmlessChunks, readPngHeader } from '@mien/runtime/png';
import type { ImageHeader } from './decode-image.ts';

/** Whether nothing before a PNG's pixels can hold an orientation or a profile, as far as these bytes go. */
function isUpright(bytes: Uint8Array): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 33; at + 8 <= bytes.length; at += 12 + view.getUint32(at)) {
    const type = chunkType(bytes, at);
    if (type === 'IDAT') return true;
    if (!harmlessChunks.has(type)) return false;
  }
  return false;
}

/** The header, where the first bytes of a file tell it beyond doubt; undefined where a library must look. */
export function usualHeader(bytes: Uint8Array): ImageHeader | undefined {
  const png = readPngHeader(bytes);
  if (png)
    return png.width > 0 && png.height > 0 && isUpright(bytes)
      ? { height: png.height, width: png.width, channels: png.colourType % 4 === 0 ? 1 : 3 }
      : undefined;
  return usualJpeg(bytes);
}

/** Of a JPEG without EXIF, colour profile or Adobe's marker, in grey or three components. */
function usualJpeg(bytes: Uint8Array): ImageHeader | undefined {
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) return undefined;
  for (let at = 2; at + 9 < bytes.length; ) {
    const marker = bytes[at + 1] as number;
    if (bytes[at] !== 0xff) return undefined;
    const length = ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number);
    // SOF0, SOF1, SOF2: baseline, extended, progressive.
    if (marker >= 0xc0 && marker <= 0xc2) {
      const height = ((bytes[at + 5] as number) << 8) | (bytes[at + 6] as number);
      const width = ((bytes[at + 7] as number) << 8) | (bytes[at + 8] as number);
      const components = bytes[at + 9];
      const eightBits = bytes[at + 4] === 8;
      return eightBits && height > 0 && width > 0 && (components === 1 || components === 3) ? { height, width, channels: components } : undefined;
    }
    // JFIF's own marker, quantisation and Huffman tables, restart interval, comment.
    if (![0xe0, 0xdb, 0xc4, 0xdd, 0xfe].includes(marker) || length < 2) return undefined;
    at += 2 + length;
  }
  return undefined;
}
