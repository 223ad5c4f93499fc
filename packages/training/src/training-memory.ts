/** Memory that a training takes beside its steps, counted and not measured: for the estimate of `mien train --dry-run`. */
import { totalmem } from 'node:os';

/** Of the machine, or of the part of it this process may use, in bytes. */
export function machineMemory(): number {
  return Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY);
}

/** In bytes. */
export interface MemoryNeeds {
  /** Features of all rows, kept for a whole stage. */
  readonly features: number;
  /** While a checkpoint is written. */
  readonly checkpoint: number;
  /** While the exported weights are validated. */
  readonly validation: number;
}

export interface MemoryOptions {
  /** Numbers in the weights, in the state of the optimiser, in the moving average. */
  readonly weights: number;
  readonly optimizer: number;
  readonly average: number;
  /** Numbers of the largest two layers' outputs in a row, of one image: what a session holds of an image at once. */
  readonly activations: number;
  /** Images that are validated at once. */
  readonly batch: number;
  readonly rows: number;
  /** Numbers of one row's features; 0 where none are kept. */
  readonly featureSize: number;
}

const bytes = Float32Array.BYTES_PER_ELEMENT;
/** A checkpoint: a copy of each tensor in plain order, and the file it becomes. */
const checkpointCopies = 2;
/** Weights taken out of the training graph, the model while it is put together, the encoded file, and the session's own. */
const validationCopies = 4;

export function memoryNeeds({ weights, optimizer, average, activations, batch, rows, featureSize }: MemoryOptions): MemoryNeeds {
  return {
    features: bytes * rows * featureSize,
    checkpoint: checkpointCopies * bytes * (weights + optimizer + average),
    validation: bytes * (validationCopies * weights + activations * batch),
  };
}

/** What comes on top of a step: features are there all the time, a checkpoint and a validation one after the other. */
export function beyondSteps({ features, checkpoint, validation }: MemoryNeeds): number {
  return features + Math.max(checkpoint, validation);
}

/** Numbers of one image that two layers in a row give, at most; outputs without the batch axis. */
export function largestActivations(outputs: readonly (readonly number[])[]): number {
  const sizes = outputs.map((shape) => shape.reduce((product, dim) => product * dim, 1));
  return sizes.reduce((most, size, i) => Math.max(most, size + (sizes[i + 1] ?? 0)), 0);
}
