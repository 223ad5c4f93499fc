/** Between a store's planar images and the interleaved pictures that everything else works on. */
import { type Box, type Image, Resampler } from '@mien/runtime';
import { type ImageLayout, imageSamples } from './manifest.ts';

/** Planar [C,H,W] → interleaved; grey images keep their memory. */
export function toPicture(pixels: Uint8Array, { channels, height, width }: ImageLayout): Image {
  if (channels === 1) return { width, height, channels, data: pixels };
  const plane = height * width;
  const data = new Uint8Array(pixels.length);
  for (let p = 0; p < plane; p++) for (let c = 0; c < channels; c++) data[p * channels + c] = pixels[c * plane + p] as number;
  return { width, height, channels, data };
}

/** Interleaved → planar [C,H,W], in memory of its own. */
function toPlanes({ data, channels, height, width }: Image): Uint8Array {
  if (channels === 1) return Uint8Array.from(data);
  const plane = height * width;
  const out = new Uint8Array(data.length);
  for (let p = 0; p < plane; p++) for (let c = 0; c < channels; c++) out[c * plane + p] = data[p * channels + c] as number;
  return out;
}

/** Brings pictures to the size and channels of a store. Holds scratch memory: use one for many. */
export class ImageFitter {
  readonly #target: ImageLayout;
  readonly #resampler = new Resampler();
  readonly #resized: Float32Array;

  constructor(target: ImageLayout) {
    this.#target = target;
    this.#resized = new Float32Array(imageSamples(target));
  }

  /**
   * The largest centred part of the picture, or of a region of it, that has the target's proportions, brought to the
   * target's size; grey is Rec. 601 luma. A picture of the target's size keeps its values.
   * @param face the region, in pixels of the picture; may reach over its edges, which are then repeated.
   * @returns [C,H,W], 0…255.
   */
  fit(image: Image, face?: Box): Uint8Array {
    const { channels, height, width } = this.#target;
    if (!face && image.channels === channels && image.height === height && image.width === width) return toPlanes(image);
    const region = face ?? { x: 0, y: 0, width: image.width, height: image.height };
    const scale = Math.min(region.height / height, region.width / width);
    const part = {
      x: region.x + (region.width - width * scale) / 2,
      y: region.y + (region.height - height * scale) / 2,
      width: width * scale,
      height: height * scale,
    };
    this.#resampler.resample(image, part, channels, height, width, this.#resized);
    // Stored rounded; `Uint8Array.from` with a function would take longer than the resampling.
    const out = new Uint8Array(this.#resized.length);
    for (let i = 0; i < out.length; i++) out[i] = Math.round(this.#resized[i] as number);
    return out;
  }
}
