/** The one preprocessing: from a picture and a square to the numbers a network sees, as its card says. */
import type { Preprocessing } from './card.ts';
import { cropSquare, type FaceSquare, wholeSquare } from './crop-geometry.ts';
import type { Box, Image } from './image.ts';
import { Resampler } from './resample.ts';
import { turnMargin, turnPlanes } from './turn-planes.ts';

/** (v / 255 − mean) / std of channel c for a sample v in 0…255; training applies the same function to stored pixels. */
export function normalise(value: number, c: number, spec: Pick<Preprocessing, 'mean' | 'std'>): number {
  return (value / 255 - entry(spec.mean, c)) / entry(spec.std, c);
}

// A card may give one entry for all channels.
function entry(values: readonly number[], c: number): number {
  return values[Math.min(c, values.length - 1)]!;
}

/**
 * Turns squares of pictures into network inputs. Holds scratch memory for one card: make one, use it for many faces.
 */
export class Preprocessor {
  /** Values of one face: C·H·W. */
  readonly size: number;
  readonly #spec: Preprocessing;
  readonly #resampler = new Resampler();
  readonly #resized: Float32Array;
  /** The upright surroundings of a turned square; most cards never need it. */
  #upright: Float32Array | undefined;

  constructor(spec: Preprocessing) {
    const [channels, height, width] = spec.input.shape;
    const [fullHeight, fullWidth] = spec.resizeTo;
    if (height > fullHeight || width > fullWidth) {
      throw new RangeError(`preprocessing: the network's ${height}×${width} is cut from resizeTo ${fullHeight}×${fullWidth}, which is smaller`);
    }
    this.#spec = spec;
    this.size = channels * height * width;
    this.#resized = new Float32Array(channels * fullHeight * fullWidth);
  }

  /**
   * Resamples `square` to `resizeTo`, takes the central part and normalises it.
   * Writes C·H·W values at `offset` of `out`, [C,H,W] row by row. A grey picture that already has the size `resizeTo`
   * passes through exactly: each value is `normalise(v, c, spec)` of its pixel. A turned square is resampled upright
   * first, with what lies around it, and then turned by bilinear interpolation, as augmentation turns stored images.
   */
  write(image: Image, square: FaceSquare, out: Float32Array = new Float32Array(this.size), offset = 0): Float32Array {
    const { input, color, resizeTo } = this.#spec;
    const [channels, height, width] = input.shape;
    const [fullHeight, fullWidth] = resizeTo;
    const resized = this.#resized;
    if (color === 'rgb' && channels === 1) throw new RangeError("preprocessing: color 'rgb' needs 3 input channels, the card says 1");
    this.#resize(image, square, color === 'gray' ? 1 : 3);
    if (color === 'gray') {
      const plane = fullHeight * fullWidth;
      for (let c = 1; c < channels; c++) resized.copyWithin(c * plane, 0, plane);
    }
    const top = (fullHeight - height) >> 1;
    const left = (fullWidth - width) >> 1;
    let to = offset;
    for (let c = 0; c < channels; c++) {
      const mean = entry(this.#spec.mean, c);
      const std = entry(this.#spec.std, c);
      for (let y = 0; y < height; y++) {
        let from = (c * fullHeight + top + y) * fullWidth + left;
        for (let x = 0; x < width; x++) out[to++] = (resized[from++]! / 255 - mean) / std;
      }
    }
    return out;
  }

  /** The whole square, [channels, *resizeTo] in 0…255, into #resized. */
  #resize(image: Image, square: FaceSquare, channels: 1 | 3): void {
    const [height, width] = this.#spec.resizeTo;
    const { rollRad = 0 } = square;
    if (rollRad === 0) {
      this.#resampler.resample(image, square, channels, height, width, this.#resized);
      return;
    }
    const marginY = turnMargin(height);
    const marginX = turnMargin(width);
    const aroundX = (marginX * square.width) / width;
    const aroundY = (marginY * square.height) / height;
    const around = { x: square.x - aroundX, y: square.y - aroundY, width: square.width + 2 * aroundX, height: square.height + 2 * aroundY };
    this.#upright ??= new Float32Array(channels * (height + 2 * marginY) * (width + 2 * marginX));
    this.#resampler.resample(image, around, channels, height + 2 * marginY, width + 2 * marginX, this.#upright);
    turnPlanes(this.#upright, channels, height, width, rollRad, this.#resized);
  }
}

/**
 * The network's input for one face, [C,H,W]: `face` is a detector's box, from which the card's crop is cut, or
 * `'whole'` for a picture that is a crop itself (its largest centred square is used). Upright: only a recogniser, which
 * can find eyes, obeys `align`.
 */
export function preprocess(image: Image, face: Box | 'whole', spec: Preprocessing): Float32Array {
  return new Preprocessor(spec).write(image, face === 'whole' ? wholeSquare(image) : cropSquare(face, spec.crop));
}
