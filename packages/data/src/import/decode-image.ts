/** An image file as the samples of a store: decoded and resampled by the code that recognition uses, so that both see alike. */
import { open, readFile } from 'node:fs/promises';
import { type Box, UserError } from '@mien/runtime';
import { decodePlainPng } from '@mien/runtime/png';
import type { ImageLayout } from '../store/manifest.ts';
import { ImageFitter } from '../store/picture.ts';
import { usualHeader } from './image-header.ts';

/** A small file can claim to be a huge picture; larger than this is refused before a pixel is decoded. */
const largestPixels = 50e6;

export interface ImageHeader {
  /** After turning by the EXIF orientation. */
  height: number;
  width: number;
  /** 1 for a file that stores grey, 3 for anything else. */
  channels: 1 | 3;
}

/** The usual files tell their size within so many bytes. */
const headBytes = 4096;

/** The first bytes of a file; none where it cannot be read, which a later reader explains. */
async function headOf(path: string): Promise<Uint8Array> {
  const file = await open(path).catch(() => undefined);
  if (!file) return new Uint8Array(0);
  try {
    const { buffer, bytesRead } = await file.read(new Uint8Array(headBytes), 0, headBytes, 0);
    return buffer.subarray(0, bytesRead);
  } catch {
    return new Uint8Array(0);
  } finally {
    await file.close();
  }
}

/**
 * Size and channels from the file's header.
 * @param source a path, or the file's bytes and a name for messages.
 * @throws UserError `unreadable-image`, `image-too-large`, naming the file.
 */
export async function readImageHeader(source: string | { bytes: Uint8Array; name: string }): Promise<ImageHeader> {
  const name = typeof source === 'string' ? source : source.name;
  const usual = usualHeader(typeof source === 'string' ? await headOf(source) : source.bytes);
  const header = usual ?? (await askLibrary(source, name));
  if (header.height * header.width > largestPixels) {
    throw new UserError(
      'image-too-large',
      `${name}: ${header.width}×${header.height} pixels are more than ${largestPixels / 1e6} megapixels, which no face needs; make the picture smaller or remove it`,
    );
  }
  return header;
}

async function askLibrary(source: string | { bytes: Uint8Array; name: string }, name: string): Promise<ImageHeader> {
  const { default: sharp } = await import('sharp');
  try {
    const { format, space, autoOrient } = await sharp(typeof source === 'string' ? source : source.bytes, { limitInputPixels: false }).metadata();
    // A drawing has no pixels of its own, and can refer to other files.
    if (format === 'svg') throw new Error('it is an SVG drawing');
    return { height: autoOrient.height, width: autoOrient.width, channels: space === 'b-w' || space === 'grey16' ? 1 : 3 };
  } catch (cause) {
    const reason = (cause instanceof Error ? cause.message : String(cause)).split('\n')[0];
    throw new UserError('unreadable-image', `${name}: expected an image, it cannot be read (${reason}); mend or remove the file`, { cause });
  }
}

/** Decodes files to one size. Holds scratch memory: use one decoder for a whole import. */
export class StoreDecoder {
  readonly #fitter: ImageFitter;

  constructor(target: ImageLayout) {
    this.#fitter = new ImageFitter(target);
  }

  /**
   * As {@link ImageFitter} fits a picture, or the part of it in `face`.
   * @param source a path, or the file's bytes and a name for messages.
   * @returns [C,H,W], 0…255.
   * @throws UserError `unreadable-image`, `image-too-large`, `empty-file`, naming the file.
   */
  async decode(source: string | { bytes: Uint8Array; name: string }, face?: Box): Promise<Uint8Array> {
    const bytes = typeof source === 'string' ? await readFile(source).catch(() => undefined) : source.bytes;
    const plain = bytes && decodePlainPng(bytes, largestPixels);
    if (plain) return this.#fitter.fit(plain, face);
    // Loaded here, for the module brings ONNX Runtime along, which a trainer that reads a store has no use for.
    const { decodeImage } = await import('@mien/runtime/node');
    const options = typeof source === 'string' ? {} : { name: source.name };
    const image = await decodeImage(typeof source === 'string' ? source : source.bytes, { ...options, maxPixels: largestPixels });
    return this.#fitter.fit(image, face);
  }
}
