/** Training batches: which rows, augmented how, with which targets. Depends only on seed, epoch and row. */
import {
  type AugmentPoints,
  type AugmentSample,
  compileAugmentation,
  compilePointAugmentation,
  type Geometry,
  KeyedRandom,
  randomFor,
  type Split,
  type SplitLandmarks,
  shuffledIndices,
} from '@mien/data';
import { landmarkCount, landmarkFeatureCount, writeLandmarkFeatures } from '@mien/runtime';
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
  /** Points of the split's faces: each face is turned by its roll, and its points can be asked for. */
  readonly landmarks?: SplitLandmarks | undefined;
  /** Batches in an epoch; default: one pass over the rows. */
  readonly batches?: number | undefined;
  /** Names of the random streams that order the rows and augment them, for batches beside the ordinary ones. */
  readonly streams?: { readonly order: string; readonly draws: string };
}

/** What a training step is fed, by epoch and place in the epoch. */
export interface BatchSource {
  readonly stepsPerEpoch: number;
  rowsOf(epoch: number, step: number): Uint32Array;
  /** Writes what the step takes as its images. */
  fillImages(epoch: number, step: number, out: Float32Array): Promise<void>;
  fillTargets(epoch: number, step: number, head: HeadTargets, out: Float32Array): void;
  labelsOf(epoch: number, step: number): Uint8Array;
  /** Writes the landmarks of a step for a network that reads them too, [N,102]; only where there are any. */
  fillLandmarks?(epoch: number, step: number, out: Float32Array): void;
  /** Share of the unlabelled images that taught something lately; only where there are any. */
  readonly acceptedShare?: number;
}

const ordinaryStreams = { order: 'shuffle', draws: 'augment' };

export class TrainingBatches implements BatchSource {
  readonly stepsPerEpoch: number;
  readonly #options: BatchOptions;
  readonly #augment: AugmentSample;
  readonly #movePoints: AugmentPoints;
  readonly #points = new Float32Array(2 * landmarkCount);
  readonly #pixels: Uint8Array<ArrayBuffer>;
  readonly #size: number;
  readonly #random = new KeyedRandom(0);
  readonly #streams: { readonly order: string; readonly draws: string };
  readonly #perPass: number;
  #order: { epoch: number; pass: number; rows: Uint32Array } | undefined;

  constructor(options: BatchOptions) {
    const { split, rows, stage, geometry } = options;
    this.#options = options;
    this.#augment = compileAugmentation(stage.augmentation, geometry);
    this.#movePoints = compilePointAugmentation(stage.augmentation, geometry);
    this.#pixels = new Uint8Array(stage.batch * split.imageBytes);
    this.#size = geometry.channels * geometry.outHeight * geometry.outWidth;
    this.#streams = options.streams ?? ordinaryStreams;
    this.#perPass = Math.floor(rows.length / stage.batch);
    this.stepsPerEpoch = options.batches ?? this.#perPass;
  }

  /** The rows of one batch. Each pass has an order of its own; rows beyond its last whole batch sit that pass out. */
  rowsOf(epoch: number, step: number): Uint32Array {
    const { rows, seed, stage } = this.#options;
    const pass = this.#passOf(step);
    if (this.#order?.epoch !== epoch || this.#order.pass !== pass) {
      const order = shuffledIndices(rows.length, randomFor(seed, this.#streams.order, epoch, ...later(pass)));
      this.#order = { epoch, pass, rows: order.map((i) => rows[i]!) };
    }
    const at = step % this.#perPass;
    return this.#order.rows.subarray(at * stage.batch, (at + 1) * stage.batch);
  }

  #passOf(step: number): number {
    return Math.floor(step / this.#perPass);
  }

  /** Writes the augmented images of a step, [N,C,H,W] in 0…1. */
  async fillImages(epoch: number, step: number, out: Float32Array): Promise<void> {
    await this.writeImages(this.rowsOf(epoch, step), epoch, out, this.#passOf(step));
  }

  /** Writes the images of at most a batch of rows as they are augmented in a pass of an epoch, [rows,C,H,W] in 0…1. */
  async writeImages(rows: Uint32Array, epoch: number, out: Float32Array, pass = 0): Promise<void> {
    const { split, landmarks } = this.#options;
    await split.gatherImages(rows, this.#pixels);
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i]!;
      this.#augment(this.#pixels, i * split.imageBytes, this.#drawsOf(epoch, row, pass), out, i * this.#size, landmarks?.rolls[row]);
    }
  }

  /** Writes the shape of each face of a step as the augmented image shows it, [N,102]: the same draws move points and pixels. */
  fillLandmarks(epoch: number, step: number, out: Float32Array): void {
    const { points, rolls } = this.#options.landmarks!;
    for (const [i, row] of this.rowsOf(epoch, step).entries()) {
      this.#movePoints(points, 2 * landmarkCount * row, this.#drawsOf(epoch, row, this.#passOf(step)), this.#points, rolls[row]);
      writeLandmarkFeatures(this.#points, out, i * landmarkFeatureCount);
    }
  }

  /** The generator a row is augmented with in a pass of an epoch. */
  #drawsOf(epoch: number, row: number, pass: number): KeyedRandom {
    return this.#random.reseed(this.#options.seed, this.#streams.draws, epoch, row, ...later(pass));
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

/** The first pass of an epoch is named by the epoch alone. */
function later(pass: number): readonly number[] {
  return pass === 0 ? [] : [pass];
}
