/** Picture files to pixels, with sharp (libvips). */
import sharp from 'sharp';
import { UserError } from '../error.ts';
import type { Image } from '../image.ts';
import { readFileBytes } from './read-file.ts';

export interface DecodeOptions {
  /** Largest width × height that is decoded. Default 100 million: 300 MB of RGB. */
  readonly maxPixels?: number;
  /** The name used in messages when bytes are given. */
  readonly name?: string;
}

const defaultMaxPixels = 100e6;

/**
 * Decodes JPEG, PNG, WebP, GIF, AVIF, TIFF or SVG as RGB (grey stays grey): turned upright by its EXIF orientation,
 * CMYK and other colour profiles converted to sRGB, 16 bits reduced to 8, the first frame of an animation,
 * transparency laid on white, as a page would show it.
 * Takes a path or the file's bytes. Throws `UserError`: `not-found`, `not-a-file`, `unreadable-file`, `empty-file`,
 * `unreadable-image` (not a picture, damaged), `image-too-large` (more than `maxPixels`, refused before decoding).
 */
export async function decodeImage(source: string | Uint8Array, { maxPixels = defaultMaxPixels, name }: DecodeOptions = {}): Promise<Image> {
  const file = typeof source === 'string' ? source : (name ?? 'the image');
  const bytes = typeof source === 'string' ? await readFileBytes(source) : source;
  if (bytes.length === 0) throw new UserError('empty-file', `${file}: expected an image, got 0 bytes; fetch it again`);
  // The limit is checked here, with a message of our own, before a pixel is decoded.
  const opened = sharp(bytes, { limitInputPixels: false, failOn: 'error', page: 0, pages: 1 });
  try {
    const { width, height } = await opened.metadata();
    if (width * height > maxPixels) {
      throw new UserError(
        'image-too-large',
        `${file}: ${width}×${height} is ${megapixels(width * height)} megapixels, at most ${megapixels(maxPixels)} are decoded; make the picture smaller`,
      );
    }
    const { data, info } = await opened
      .autoOrient()
      .flatten({ background: '#ffffff' })
      .toColourspace('srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    if (info.channels !== 1 && info.channels !== 3) throw new Error(`${info.channels} channels`);
    return { width: info.width, height: info.height, channels: info.channels, data };
  } catch (cause) {
    if (cause instanceof UserError) throw cause;
    throw new UserError('unreadable-image', `${file}: expected a picture (JPEG, PNG, WebP, GIF, AVIF, TIFF), but it cannot be decoded (${oneLine(cause)})`, {
      cause,
    });
  }
}

function megapixels(pixels: number): string {
  return (pixels / 1e6).toLocaleString('en', { maximumFractionDigits: 1 });
}

function oneLine(cause: unknown): string {
  return (cause as Error).message.trim().split('\n')[0]!;
}
