/** The worker thread of `train.ts`. */
import { parentPort, workerData } from 'node:worker_threads';
import { UserError } from '@mien/runtime';
import { unlessLost } from './lost-run.ts';
import { runTraining } from './trainer.ts';
import { type TrainWorkerData, wishes } from './worker-data.ts';

const { wish, ...options } = workerData as TrainWorkerData;
const wished = (): number => Atomics.load(new Int32Array(wish), 0);

try {
  const calls = unlessLost(options.out, () => wished() === wishes.leave, {
    onEvent: (event) => parentPort!.postMessage({ event }),
    shouldStop: () => wished() === wishes.stop,
  });
  await runTraining({ ...options, ...calls });
} catch (error) {
  // Errors lose their class on the way between threads.
  const { message, stack } = error as Error;
  parentPort!.postMessage({ error: { message, stack, code: error instanceof UserError ? error.code : undefined } });
}
