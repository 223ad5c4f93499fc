/** What a file is, by its first bytes: names and Content-Type headers say whatever a sender likes. */
import { ServiceError } from './service-error.ts';

const ascii = (bytes: Uint8Array, from: number, to: number): string => String.fromCharCode(...bytes.subarray(from, to));

/** The brand of an ISO base media file (`ftyp` box), as `avif` or `isom`; undefined for any other file. */
function isoBrand(bytes: Uint8Array): string | undefined {
  return ascii(bytes, 4, 8) === 'ftyp' ? ascii(bytes, 8, 12) : undefined;
}

/**
 * Formats a stranger may send. SVG and TIFF, which `mien predict` reads, are left out: one is a program, the other
 * holds nearly every format there is.
 */
export function isTakenImage(bytes: Uint8Array): boolean {
  const brand = isoBrand(bytes);
  return (
    (bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff) ||
    (bytes[0] === 0x89 && ascii(bytes, 1, 8) === 'PNG\r\n\x1a\n') ||
    (ascii(bytes, 0, 4) === 'RIFF' && ascii(bytes, 8, 12) === 'WEBP') ||
    /^GIF8[79]a$/.test(ascii(bytes, 0, 6)) ||
    brand === 'avif' ||
    brand === 'avis'
  );
}

/** Throws `ServiceError`: `unreadable-image` for nothing at all, `unsupported-media-type` for what is no image of a taken format. */
export function checkImage(bytes: Uint8Array): void {
  if (bytes.length === 0) throw new ServiceError('unreadable-image', 'expected an image, got 0 bytes');
  if (!isTakenImage(bytes)) throw new ServiceError('unsupported-media-type', 'expected a JPEG, PNG, WebP, GIF or AVIF image, by its first bytes');
}

/** ffmpeg's name of a video's container; undefined where the service does not take it. */
export function videoContainer(bytes: Uint8Array): 'mov' | 'matroska' | undefined {
  if (bytes[0] === 0x1a && bytes[1] === 0x45 && bytes[2] === 0xdf && bytes[3] === 0xa3) return 'matroska';
  const brand = isoBrand(bytes);
  return brand !== undefined && !/^(avi[fs]|hei[cx]|mif1|msf1)$/.test(brand) ? 'mov' : undefined;
}
