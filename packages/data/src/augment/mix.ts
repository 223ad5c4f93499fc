/**
 * Mixing the images of a batch and their targets: mixup (Zhang et al. 2018) blends two images, cutmix (Yun et al. 2019)
 * swaps a rectangle between them. It changes rows together, so it stands apart from the per-sample list.
 */
import { z } from 'zod';
import { type Rng, shuffledIndices } from '../random.ts';
import { sampleBeta } from './beta.ts';

/** The `mix:` field of a recipe. */
export const mixSchema = z
  .strictObject({
    /** Share of the pairs that are mixed at all. */
    probability: z.number().min(0).max(1).default(1),
    /** α of Beta(α, α) for mixup; 0 switches it off. */
    mixup: z.number().min(0).max(100).default(0),
    /** α of Beta(α, α) for cutmix; 0 switches it off. With both on, each pair gets one of them with equal chances. */
    cutmix: z.number().min(0).max(100).default(0),
  })
  .refine(({ mixup, cutmix }) => mixup > 0 || cutmix > 0, 'expected mixup or cutmix above 0, as { mixup: 0.2 }');

export type Mix = z.infer<typeof mixSchema>;

/** Sizes of the batch: images [N,C,H,W], targets [N,K]. */
export interface BatchGeometry {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  /** K. */
  readonly classes: number;
}

/**
 * Mixes the batch in place: its rows are paired off at random, and of each pair both images become mixtures of both,
 * their targets in the same shares (of an odd batch one row stays as it is). What it does depends on nothing but `rng`:
 * `randomFor(seed, 'mix', epoch, step)`. Targets may be weighted; they are mixed linearly.
 */
export function mixBatch(images: Float32Array, targets: Float32Array, rng: Rng, options: Mix & BatchGeometry): void {
  const { channels, height, width, classes, probability, mixup, cutmix } = options;
  const size = channels * height * width;
  const batch = targets.length / classes;
  if (!Number.isInteger(batch) || images.length !== batch * size) {
    throw new RangeError(`mixBatch: ${images.length} samples are not ${batch} images of ${channels}×${height}×${width}`);
  }
  const order = shuffledIndices(batch, rng);
  for (let i = 0; i + 1 < batch; i += 2) {
    const first = order[i] as number;
    const second = order[i + 1] as number;
    if (rng.next() >= probability) continue;
    const cuts = cutmix > 0 && (mixup === 0 || rng.next() < 0.5);
    let share = sampleBeta(cuts ? cutmix : mixup, rng);
    if (cuts) share = swapRectangle(images, first * size, second * size, share, rng, options);
    else blend(images, first * size, second * size, size, share);
    blend(targets, first * classes, second * classes, classes, share);
  }
}

/** a ← share · a + (1 − share) · b, and b the other way round. */
function blend(values: Float32Array, a: number, b: number, count: number, share: number): void {
  for (let i = 0; i < count; i++) {
    const x = values[a + i] as number;
    const y = values[b + i] as number;
    values[a + i] = share * x + (1 - share) * y;
    values[b + i] = share * y + (1 - share) * x;
  }
}

/** Swaps a rectangle of about (1 − share) of the image, cut at its edges → the share that each image keeps. */
function swapRectangle(images: Float32Array, a: number, b: number, share: number, rng: Rng, { channels, height, width }: BatchGeometry): number {
  const side = Math.sqrt(1 - share);
  const centreX = rng.int(width);
  const centreY = rng.int(height);
  const left = Math.max(0, Math.round(centreX - (side * width) / 2));
  const right = Math.min(width, Math.round(centreX + (side * width) / 2));
  const top = Math.max(0, Math.round(centreY - (side * height) / 2));
  const bottom = Math.min(height, Math.round(centreY + (side * height) / 2));
  for (let channel = 0; channel < channels; channel++) {
    for (let y = top; y < bottom; y++) {
      const row = (channel * height + y) * width;
      for (let x = left; x < right; x++) {
        const kept = images[a + row + x] as number;
        images[a + row + x] = images[b + row + x] as number;
        images[b + row + x] = kept;
      }
    }
  }
  return 1 - ((right - left) * (bottom - top)) / (height * width);
}
