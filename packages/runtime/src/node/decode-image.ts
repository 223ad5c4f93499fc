/** Picture files to pixels, with sharp (libvips). */
import type { Metadata } from 'sharp';
import { UserError } from '../error.ts';
import type { Image } from '../image.ts';
import { decodePlainPng } from './png/plain-png.ts';
import { readFileBytes } from './read-file.ts';

export interface DecodeOptions {
  /** Largest width × height that is decoded. Default 100 million: 300 MB of RGB. */
  readonly maxPixels?: number;
  /** The name used in messages when bytes are given. */
  readonly name?: string;
}

const defaultMaxPixels = 100e6;

/**
 * Face crops: below this a plain PNG is decoded here, for the library's pipeline and its threads cost twenty times as much. A larger one
 * would hold this thread up.
 */
const smallPixels = 128 * 128;

/** The first frame of an animation; damage is an error, not a half-grey picture. */
const readOptions = { failOn: 'error', page: 0, pages: 1 } as const;

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
  const small = decodePlainPng(bytes, Math.min(smallPixels, maxPixels));
  if (small) return inColour(small);
  // Loaded at first use: commands without pictures need not wait for it.
  const { default: sharp } = await import('sharp');
  try {
    // Holds to the limit by the header, before a pixel is decoded.
    const { data, info } = await sharp(bytes, { ...readOptions, limitInputPixels: maxPixels })
      .autoOrient()
      .flatten({ background: '#ffffff' })
      .toColourspace('srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    if (info.channels !== 1 && info.channels !== 3) throw new Error(`${info.channels} channels`);
    return { width: info.width, height: info.height, channels: info.channels, data };
  } catch (cause) {
    await refuseTooLarge(bytes, file, maxPixels);
    throw new UserError('unreadable-image', `${file}: expected a picture (JPEG, PNG, WebP, GIF, AVIF, TIFF), but it cannot be decoded (${oneLine(cause)})`, {
      cause,
    });
  }
}

/** As the library gives grey files: three equal channels. */
function inColour(image: Image): Image {
  if (image.channels === 3) return image;
  const data = new Uint8Array(3 * image.data.length);
  for (let i = 0; i < image.data.length; i++) data.fill(image.data[i]!, 3 * i, 3 * i + 3);
  return { ...image, channels: 3, data };
}

/** Asked only of a picture that was refused: reading the header takes a third of the time of decoding a face crop. */
async function refuseTooLarge(bytes: Uint8Array, file: string, maxPixels: number): Promise<void> {
  const { default: sharp } = await import('sharp');
  const { width = 0, height = 0 } = await sharp(bytes, { ...readOptions, limitInputPixels: false })
    .metadata()
    .catch(() => ({}) as Partial<Metadata>);
  if (width * height <= maxPixels) return;
  throw new UserError(
    'image-too-large',
    `${file}: ${width}×${height} is ${megapixels(width * height)} megapixels, at most ${megapixels(maxPixels)} are decoded; make the picture smaller`,
  );
}

function megapixels(pixels: number): string {
  return (pixels / 1e6).toLocaleString('en', { maximumFractionDigits: 1 });
}

function oneLine(cause: unknown): string {
  return (cause as Error).message.trim().split('\n')[0]!;
}
