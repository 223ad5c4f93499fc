/** An image file as the samples of a store: decoded and resampled by the code that recognition uses, so that both see alike. */
import { Resampler, UserError } from '@mien/runtime';
import sharp from 'sharp';
import { type ImageLayout, imageSamples } from '../store/manifest.ts';

export interface ImageHeader {
  /** After turning by the EXIF orientation. */
  height: number;
  width: number;
  /** 1 for a file that stores grey, 3 for anything else. */
  channels: 1 | 3;
}

/**
 * Size and channels from the file's header.
 * @throws UserError `unreadable-image` naming the file.
 */
export async function readImageHeader(path: string): Promise<ImageHeader> {
  try {
    const { format, space, autoOrient } = await sharp(path, { limitInputPixels: false }).metadata();
    // A drawing has no pixels of its own, and can refer to other files.
    if (format === 'svg') throw new Error('it is an SVG drawing');
    return { height: autoOrient.height, width: autoOrient.width, channels: space === 'b-w' || space === 'grey16' ? 1 : 3 };
  } catch (cause) {
    const reason = (cause instanceof Error ? cause.message : String(cause)).split('\n')[0];
    throw new UserError('unreadable-image', `${path}: expected an image, it cannot be read (${reason}); mend or remove the file`, { cause });
  }
}

/** Decodes files to one size. Holds scratch memory: use one decoder for a whole import. */
export class StoreDecoder {
  readonly #target: ImageLayout;
  readonly #resampler = new Resampler();
  readonly #resized: Float32Array;

  constructor(target: ImageLayout) {
    this.#target = target;
    this.#resized = new Float32Array(imageSamples(target));
  }

  /**
   * The largest centred part of the image that has the target's proportions, brought to the target's size; grey is
   * Rec. 601 luma. An image of the target's size keeps its values.
   * @returns [C,H,W], 0…255.
   * @throws UserError `unreadable-image`, `image-too-large`, `empty-file`, naming the file.
   */
  async decode(path: string): Promise<Uint8Array> {
    // Loaded here, for the module brings ONNX Runtime along, which a trainer that reads a store has no use for.
    const { decodeImage } = await import('@mien/runtime/node');
    const image = await decodeImage(path);
    const { channels, height, width } = this.#target;
    const scale = Math.min(image.height / height, image.width / width);
    const part = { x: (image.width - width * scale) / 2, y: (image.height - height * scale) / 2, width: width * scale, height: height * scale };
    this.#resampler.resample(image, part, channels, height, width, this.#resized);
    return Uint8Array.from(this.#resized, Math.round);
  }
}
