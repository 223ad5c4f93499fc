/** What `train.ts` and its worker thread tell each other. */
import type { TrainerOptions } from './trainer.ts';

/** What the worker is to do. `leave`: the run is another process's, so end without a checkpoint. */
export const wishes = { goOn: 0, stop: 1, leave: 2 } as const;

export interface TrainWorkerData extends Omit<TrainerOptions, 'onEvent' | 'shouldStop'> {
  /** One Int32 of `wishes`. */
  readonly wish: SharedArrayBuffer;
}
