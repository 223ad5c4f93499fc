/** The worker thread of `train.ts`. */
import { parentPort, workerData } from 'node:worker_threads';
import { UserError } from '@mien/runtime';
import { runTraining, type TrainerOptions } from './trainer.ts';

export interface TrainWorkerData extends Omit<TrainerOptions, 'onEvent' | 'shouldStop'> {
  /** One Int32: not 0 when the run should stop. */
  readonly stop: SharedArrayBuffer;
}

const { stop, ...options } = workerData as TrainWorkerData;
const flag = new Int32Array(stop);

try {
  await runTraining({ ...options, onEvent: (event) => parentPort!.postMessage({ event }), shouldStop: () => Atomics.load(flag, 0) !== 0 });
} catch (error) {
  // Errors lose their class on the way between threads.
  const { message, stack } = error as Error;
  parentPort!.postMessage({ error: { message, stack, code: error instanceof UserError ? error.code : undefined } });
}
