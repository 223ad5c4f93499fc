/** Batches of features in place of images: what a frozen backbone makes of every row, computed once for a whole stage. */
import type { FeatureTraining } from '@mien/engine';
import type { BatchSource, HeadTargets, TrainingBatches } from './batches.ts';
import { machineMemory } from './training-memory.ts';

/** More memory than this is not spent on features; the backbone runs at every step then. A gigabyte, or more of a large machine's. */
const mostBytes = Math.max(2 ** 30, machineMemory() / 4);

/** Memory the features of so many rows take, in bytes. */
export function featureBytes(rows: number, featureSize: number): number {
  return rows * featureSize * Float32Array.BYTES_PER_ELEMENT;
}

/** What to say of features that are too many to keep; undefined where they may be kept. */
export function tooManyFeatures(rows: number, featureSize: number, most = mostBytes): string | undefined {
  const bytes = featureBytes(rows, featureSize);
  if (bytes <= most) return undefined;
  const gigabytes = (value: number): string => (value / 1e9).toFixed(1);
  return `the features of its frozen part would take ${gigabytes(bytes)} GB, of which at most ${gigabytes(most)} may be kept on this machine: that part runs at every step instead, which takes far longer; fewer rows (data.fraction) or a smaller input would fit`;
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
