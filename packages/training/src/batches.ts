/** Training batches: which rows, augmented how, with which targets. Depends only on seed, epoch and row. */
import { type AugmentSample, compileAugmentation, type Geometry, randomFor, KeyedRandom, type Split, shuffledIndices } from '@mien/data';
import type { Recipe } from './recipe.ts';

export interface BatchTarget {
  readonly images: Float32Array;
  readonly targets: Float32Array;
}

/** Weight of each class in the loss, n / (K · n_class); classes without rows weigh 0. Mean over the rows is 1. */
export function balancedClassWeights(labels: ArrayLike<number>, rows: ArrayLike<number>, classes: number): Float64Array {
  const counts = new Float64Array(classes);
  for (let i = 0; i < rows.length; i++) counts[labels[rows[i]!]!]!++;
  const present = counts.filter((c) => c > 0).length;
  return counts.map((count) => (count ? rows.length / (present * count) : 0));
}

export class TrainingBatches {
  readonly stepsPerEpoch: number;
  readonly #split: Split;
  readonly #rows: Uint32Array;
  readonly #recipe: Recipe;
  readonly #classes: number;
  readonly #augment: AugmentSample;
  readonly #weights: Float64Array | undefined;
  readonly #pixels: Uint8Array<ArrayBuffer>;
  readonly #size: number;
  readonly #random = new KeyedRandom(0);
  #order: { epoch: number; rows: Uint32Array } | undefined;

  constructor(split: Split, rows: Uint32Array, recipe: Recipe, geometry: Geometry, classes: number) {
    this.#split = split;
    this.#rows = rows;
    this.#recipe = recipe;
    this.#classes = classes;
    this.#augment = compileAugmentation(recipe.augmentation, geometry);
    this.#weights = recipe.loss.classWeights === 'balanced' ? balancedClassWeights(split.labels, rows, classes) : undefined;
    this.#pixels = new Uint8Array(recipe.batch * split.imageBytes);
    this.#size = geometry.channels * geometry.outHeight * geometry.outWidth;
    this.stepsPerEpoch = Math.floor(rows.length / recipe.batch);
  }

  /** The rows of one batch. Each epoch has an order of its own; rows beyond the last whole batch sit that epoch out. */
  rowsOf(epoch: number, step: number): Uint32Array {
    if (this.#order?.epoch !== epoch) {
      const order = shuffledIndices(this.#rows.length, randomFor(this.#recipe.seed, 'shuffle', epoch));
      this.#order = { epoch, rows: order.map((i) => this.#rows[i]!) };
    }
    return this.#order.rows.subarray(step * this.#recipe.batch, (step + 1) * this.#recipe.batch);
  }

  /** Fills images [N,C,H,W] and targets [N,K] for a step; returns the labels [N]. */
  async fill(epoch: number, step: number, out: BatchTarget): Promise<Uint8Array> {
    const rows = this.rowsOf(epoch, step);
    const { seed, normalise, loss } = this.#recipe;
    await this.#split.gatherImages(rows, this.#pixels);
    const labels = new Uint8Array(rows.length);
    out.targets.fill(0);
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i]!;
      this.#augment(this.#pixels, i * this.#split.imageBytes, this.#random.reseed(seed, 'augment', epoch, row), out.images, i * this.#size);
      const label = this.#split.labels[row]!;
      labels[i] = label;
      const weight = this.#weights?.[label] ?? 1;
      const smooth = (weight * loss.labelSmoothing) / this.#classes;
      for (let k = 0; k < this.#classes; k++) out.targets[i * this.#classes + k] = smooth + (k === label ? weight * (1 - loss.labelSmoothing) : 0);
    }
    const scale = 1 / normalise.std;
    const shift = -normalise.mean / normalise.std;
    for (let i = 0; i < out.images.length; i++) out.images[i] = out.images[i]! * scale + shift;
    return labels;
  }
}
