/**
 * RandAugment (Cubuk et al. 2020): n operations drawn at random, all of one magnitude m. Ours draws from the operations
 * this package has; those of geometry join the list's own map, so that the image is still resampled once.
 */
import type { Rng } from '../random.ts';
import { type AffineMap, shear, turnAndMove } from './affine-map.ts';
import { blurPlanes } from './blur.ts';
import type { Geometry } from './compile.ts';
import { fillSquare } from './cutout.ts';
import { scaleAbout, meanOf } from './photometric.ts';
import type { RandAugmentOp } from './schema.ts';

/** What can be drawn; `identity` leaves the image alone, so that n is the most that happens. */
const kinds = ['identity', 'rotate', 'shearX', 'shearY', 'shiftX', 'shiftY', 'zoom', 'brightness', 'contrast', 'blur', 'cutout'] as const;
type Kind = (typeof kinds)[number];

/**
 * Strengths at m = 10, proportional below; the sign is drawn. Weaker than the 0.45 (shift) and 0.9 (factor) usual on
 * photographs: a face cut tight would leave the window, and a grey one go black.
 */
const strongest = {
  rotateDeg: 30,
  /** Pixels of shift for each pixel from the centre. */
  slope: 0.3,
  /** Of the side. */
  shift: 0.25,
  /** Factor 1 ± this. */
  zoom: 0.3,
  /** Factors of brightness and contrast, 1 ± this. */
  factor: 0.6,
  /** Standard deviation of the blur, of the shorter side. */
  blur: 0.04,
  /** Side of the hole, of the shorter side. */
  hole: 0.5,
} as const;

/** The operations drawn for the sample at hand; one object serves all samples. */
export class RandomPolicy {
  readonly #share: number;
  readonly #geometry: Geometry;
  readonly #kinds: Kind[];
  readonly #signs: Float64Array;
  readonly #xs: Float64Array;
  readonly #ys: Float64Array;

  constructor(op: RandAugmentOp, geometry: Geometry) {
    this.#share = op.m / 10;
    this.#geometry = geometry;
    this.#kinds = new Array<Kind>(op.n).fill('identity');
    this.#signs = new Float64Array(op.n);
    this.#xs = new Float64Array(op.n);
    this.#ys = new Float64Array(op.n);
  }

  /** Draws kinds, signs and places; 4·n random numbers. */
  draw(rng: Rng): void {
    for (let i = 0; i < this.#kinds.length; i++) {
      this.#kinds[i] = kinds[rng.int(kinds.length)] as Kind;
      this.#signs[i] = rng.next() < 0.5 ? -1 : 1;
      this.#xs[i] = rng.next();
      this.#ys[i] = rng.next();
    }
  }

  /** Applies what was drawn of geometry. */
  moveMap(map: AffineMap): void {
    const geometry = this.#geometry;
    for (let i = 0; i < this.#kinds.length; i++) {
      const amount = (this.#signs[i] as number) * this.#share;
      switch (this.#kinds[i]) {
        case 'rotate':
          turnAndMove(map, geometry, (amount * strongest.rotateDeg * Math.PI) / 180, 1, 0, 0);
          break;
        case 'zoom':
          turnAndMove(map, geometry, 0, 1 + amount * strongest.zoom, 0, 0);
          break;
        case 'shiftX':
          turnAndMove(map, geometry, 0, 1, amount * strongest.shift * geometry.width, 0);
          break;
        case 'shiftY':
          turnAndMove(map, geometry, 0, 1, 0, amount * strongest.shift * geometry.height);
          break;
        case 'shearX':
          shear(map, geometry, amount * strongest.slope, 0);
          break;
        case 'shearY':
          shear(map, geometry, 0, amount * strongest.slope);
          break;
      }
    }
  }

  /** Applies what was drawn of values to out [C,outH,outW] 0…1. */
  adjust(out: Float32Array, outOffset: number): void {
    const { channels, outHeight, outWidth } = this.#geometry;
    const end = outOffset + channels * outHeight * outWidth;
    const shorter = Math.min(outHeight, outWidth);
    for (let i = 0; i < this.#kinds.length; i++) {
      const factor = 1 + (this.#signs[i] as number) * this.#share * strongest.factor;
      if (this.#kinds[i] === 'brightness') scaleAbout(0, factor, out, outOffset, end);
      else if (this.#kinds[i] === 'contrast') scaleAbout(meanOf(out, outOffset, end), factor, out, outOffset, end);
      else if (this.#kinds[i] === 'blur') blurPlanes(this.#share * strongest.blur * shorter, channels, outHeight, outWidth, out, outOffset);
    }
  }

  /** Cuts the holes that were drawn, mid-grey. */
  cut(out: Float32Array, outOffset: number): void {
    const { outHeight, outWidth } = this.#geometry;
    const side = Math.round(this.#share * strongest.hole * Math.min(outHeight, outWidth));
    for (let i = 0; i < this.#kinds.length; i++) {
      if (this.#kinds[i] !== 'cutout' || side === 0) continue;
      const x = Math.floor((this.#xs[i] as number) * outWidth);
      const y = Math.floor((this.#ys[i] as number) * outHeight);
      fillSquare(this.#geometry, x - (side >> 1), y - (side >> 1), side, 0.5, out, outOffset);
    }
  }
}
