/** Training batches: which rows, augmented how, with which targets. Depends only on seed, epoch and row. */
import { type AugmentSample, compileAugmentation, type Geometry, KeyedRandom, randomFor, type Split, shuffledIndices } from '@mien/data';
import type { Stage } from './recipe-schema.ts';
import type { WriteTarget } from './targets.ts';

/** Targets of one head of the network: K values a row. */
export interface HeadTargets {
  readonly classes: number;
  readonly write: WriteTarget;
}

export interface BatchOptions {
  readonly split: Split;
  readonly rows: Uint32Array;
  readonly seed: number;
  readonly stage: Pick<Stage, 'batch' | 'augmentation'>;
  readonly geometry: Geometry;
}

/** What a training step is fed, by epoch and place in the epoch. */
export interface BatchSource {
  readonly stepsPerEpoch: number;
  rowsOf(epoch: number, step: number): Uint32Array;
  /** Writes what the step takes as its images. */
  fillImages(epoch: number, step: number, out: Float32Array): Promise<void>;
  fillTargets(epoch: number, step: number, head: HeadTargets, out: Float32Array): void;
  labelsOf(epoch: number, step: number): Uint8Array;
}

export class TrainingBatches implements BatchSource {
  readonly stepsPerEpoch: number;
  readonly #options: BatchOptions;
  readonly #augment: AugmentSample;
  readonly #pixels: Uint8Array<ArrayBuffer>;
  readonly #size: number;
  readonly #random = new KeyedRandom(0);
  #order: { epoch: number; rows: Uint32Array } | undefined;

  constructor(options: BatchOptions) {
    const { split, rows, stage, geometry } = options;
    this.#options = options;
    this.#augment = compileAugmentation(stage.augmentation, geometry);
    this.#pixels = new Uint8Array(stage.batch * split.imageBytes);
    this.#size = geometry.channels * geometry.outHeight * geometry.outWidth;
    this.stepsPerEpoch = Math.floor(rows.length / stage.batch);
  }

  /** The rows of one batch. Each epoch has an order of its own; rows beyond the last whole batch sit that epoch out. */
  rowsOf(epoch: number, step: number): Uint32Array {
    const { rows, seed, stage } = this.#options;
    if (this.#order?.epoch !== epoch) {
      const order = shuffledIndices(rows.length, randomFor(seed, 'shuffle', epoch));
      this.#order = { epoch, rows: order.map((i) => rows[i]!) };
    }
    return this.#order.rows.subarray(step * stage.batch, (step + 1) * stage.batch);
  }

  /** Writes the augmented images of a step, [N,C,H,W] in 0…1. */
  async fillImages(epoch: number, step: number, out: Float32Array): Promise<void> {
    await this.writeImages(this.rowsOf(epoch, step), epoch, out);
  }

  /** Writes the images of at most a batch of rows as they are augmented in an epoch, [rows,C,H,W] in 0…1. */
  async writeImages(rows: Uint32Array, epoch: number, out: Float32Array): Promise<void> {
    const { split, seed } = this.#options;
    await split.gatherImages(rows, this.#pixels);
    for (let i = 0; i < rows.length; i++) {
      this.#augment(this.#pixels, i * split.imageBytes, this.#random.reseed(seed, 'augment', epoch, rows[i]!), out, i * this.#size);
    }
  }

  /** Writes the targets of a step for one head, [N,K]. */
  fillTargets(epoch: number, step: number, head: HeadTargets, out: Float32Array): void {
    for (const [i, row] of this.rowsOf(epoch, step).entries()) head.write(row, out, i * head.classes);
  }

  /** Class index of each row of a step, [N]. */
  labelsOf(epoch: number, step: number): Uint8Array {
    return Uint8Array.from(this.rowsOf(epoch, step), (row) => this.#options.split.labels[row]!);
  }
}
