/** Batches of features in place of images: what a frozen backbone makes of every row, computed once for a whole stage. */
import type { FeatureTraining } from '@mien/engine';
import type { BatchSource, HeadTargets, TrainingBatches } from './batches.ts';

/** More memory than this is not spent on features; the backbone runs at every step then. */
const mostBytes = 1 << 30;

/** Whether the features of so many rows may be kept. */
export function fitsInMemory(rows: number, featureSize: number): boolean {
  return rows * featureSize * Float32Array.BYTES_PER_ELEMENT <= mostBytes;
}

export interface FeatureBatchOptions {
  /** Of images that are not augmented. */
  readonly images: TrainingBatches;
  /** Every row that may come. */
  readonly rows: Uint32Array;
  readonly batch: number;
  /** Values of one image, C·H·W. */
  readonly imageSize: number;
  readonly features: FeatureTraining;
  readonly onProgress?: (done: number, total: number) => void;
}

export class FeatureBatches implements BatchSource {
  readonly #options: FeatureBatchOptions;
  /** Place of a row among `rows`. */
  readonly #place: ReadonlyMap<number, number>;
  #kept: Float32Array | undefined;

  constructor(options: FeatureBatchOptions) {
    this.#options = options;
    this.#place = new Map([...options.rows].map((row, i) => [row, i]));
  }

  get stepsPerEpoch(): number {
    return this.#options.images.stepsPerEpoch;
  }

  rowsOf(epoch: number, step: number): Uint32Array {
    return this.#options.images.rowsOf(epoch, step);
  }

  fillTargets(epoch: number, step: number, head: HeadTargets, out: Float32Array): void {
    this.#options.images.fillTargets(epoch, step, head, out);
  }

  labelsOf(epoch: number, step: number): Uint8Array {
    return this.#options.images.labelsOf(epoch, step);
  }

  fillLandmarks(epoch: number, step: number, out: Float32Array): void {
    this.#options.images.fillLandmarks(epoch, step, out);
  }

  /** Writes the features of a step. The first call computes those of all rows, with the weights the step then has. */
  async fillImages(epoch: number, step: number, out: Float32Array): Promise<void> {
    this.#kept ??= await this.#extractAll();
    const { featureSize } = this.#options.features;
    for (const [i, row] of this.rowsOf(epoch, step).entries()) {
      const from = this.#place.get(row)! * featureSize;
      out.set(this.#kept.subarray(from, from + featureSize), i * featureSize);
    }
  }

  async #extractAll(): Promise<Float32Array> {
    const { images, rows, batch, imageSize, features, onProgress } = this.#options;
    const { featureSize } = features;
    const kept = new Float32Array(rows.length * featureSize);
    // The last batch is filled up with images of the one before, whose features are not used.
    const input = new Float32Array(batch * imageSize);
    for (let from = 0; from < rows.length; from += batch) {
      const some = rows.subarray(from, from + batch);
      await images.writeImages(some, 0, input);
      const found = await features.extract(input);
      kept.set(found.subarray(0, some.length * featureSize), from * featureSize);
      onProgress?.(from + some.length, rows.length);
    }
    return kept;
  }
}
