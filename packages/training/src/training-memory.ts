/** Memory that a training takes beside its steps, counted and not measured: for the estimate of `mien train --dry-run`. */
import { totalmem } from 'node:os';

/** Of the machine, or of the part of it this process may use, in bytes. */
export function machineMemory(): number {
  return Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY);
}

/** Features of all rows, kept for a whole stage, in bytes. `featureSize`: numbers of one row; 0 where none are kept. */
export function featureBytes(rows: number, featureSize: number): number {
  return Float32Array.BYTES_PER_ELEMENT * rows * featureSize;
}
