/** A worker thread of the pool: one set of sessions, fed by messages. */
import { parentPort, workerData } from 'node:worker_threads';
import { createSession } from '@mien/onnx/node';
import { UserError } from '@mien/runtime';
import { defaultDetector } from '@mien/runtime/node';
import { JobRunner } from './job-runner.ts';
import { asRefusal } from './service-error.ts';
import type { FromWorker, JobMessage, ToWorker, WorkerSetup } from './worker-messages.ts';

const port = parentPort!;
const setup = workerData as WorkerSetup;
const say = (message: FromWorker): void => port.postMessage(message);

async function answer(runner: JobRunner, { id, job }: JobMessage): Promise<void> {
  try {
    say({ type: 'done', id, result: await runner.run(job) });
  } catch (error) {
    // Errors lose their class on the way between threads.
    const refusal = asRefusal(error);
    const { message, stack } = error as Error;
    say(refusal ? { type: 'error', id, code: refusal.code, message: refusal.message } : { type: 'error', id, code: 'internal', message, stack });
  }
}

try {
  const detector = await defaultDetector({ threads: setup.threads });
  const runner = await JobRunner.open({ ...setup, detector, createSession, onRun: (faces) => say({ type: 'run', faces }) });
  port.on('message', (message: ToWorker) => {
    // Ends this thread, and where messages are read no network runs: ONNX Runtime blocks the thread while it computes.
    if (message === 'leave') process.exit();
    void answer(runner, message);
  });
  say({ type: 'ready', cards: runner.cards });
} catch (error) {
  const { message } = error as Error;
  say({ type: 'failed', code: error instanceof UserError ? error.code : 'internal', message });
}
