/** Training in a thread of its own, with its log, lock and the saved recipe. */
import { closeSync, existsSync, openSync, readdirSync, rmdirSync, rmSync, writeSync } from 'node:fs';
import { resolve as resolvePath } from 'node:path';
import { Worker } from 'node:worker_threads';
import { UserError } from '@mien/runtime';
import { isCount, type TrainEvent } from './events.ts';
import { firstDifference } from './first-difference.ts';
import { checkRecipe } from './recipe.ts';
import type { OpenTrainingOptions } from './open-training.ts';
import { readJson } from './read-json.ts';
import type { Recipe } from './recipe-schema.ts';
import { explainWriteError, isRunFolder, makeFolder, runFolder, writeAtomically } from './run-folder.ts';
import { unlessLost } from './lost-run.ts';
import { takeRunLock } from './run-lock.ts';
import { type TrainWorkerData, wishes } from './worker-data.ts';

export interface TrainOptions extends OpenTrainingOptions {
  readonly out: string;
  readonly resume?: boolean;
  /** Epochs after which the training pauses, with a checkpoint and the schedule of all its epochs; resumed, it goes on as if it had not. */
  readonly pauseAfter?: number | undefined;
  readonly onEvent?: (event: TrainEvent) => void;
  /** Aborting ends the run after the step in progress, with a checkpoint. */
  readonly signal?: AbortSignal;
  /**
   * `own`, the default, keeps the caller's event loop free, for about a second of loading. `caller` trains in the calling thread and
   * blocks it for the length of each step: for short trainings one after the other, in a process with nothing else to do.
   */
  readonly thread?: 'own' | 'caller';
}

/** Of every this many step events, one goes into the log. */
const loggedSteps = 20;

function prepare({ recipe, out, resume }: TrainOptions): Recipe {
  const folder = runFolder(out);
  if (resume) {
    if (!isRunFolder(out)) throw new UserError('no-run', `${out}: expected the folder of a run to resume, found no recipe.json there`);
    const before = checkRecipe(readJson(folder.recipe, 'without the recipe it was begun with the run cannot go on: start in another --out'), folder.recipe);
    const change = firstDifference(before, recipe);
    if (change) {
      const { path, was, now } = change;
      throw new UserError(
        'other-recipe',
        `${out}: the run was started with another recipe (${path}: ${was}, now ${now}); resume with the same one or start in another --out`,
      );
    }
    return before;
  }
  if (isRunFolder(out)) throw new UserError('run-exists', `${out}: holds a run already; add --resume to go on with it, or choose another --out`);
  writeAtomically(folder.recipe, `${JSON.stringify(recipe, null, 2)}\n`);
  return recipe;
}

/** A run that failed before its first checkpoint leaves nothing behind, so that the mended command can use the same folder. */
function forgetFailedStart(out: string): void {
  const folder = runFolder(out);
  if (existsSync(folder.last) || existsSync(folder.model)) return;
  rmSync(folder.recipe, { force: true });
  rmSync(folder.log, { force: true });
}

function removeIfEmpty(dir: string): void {
  if (existsSync(dir) && readdirSync(dir).length === 0) rmdirSync(dir);
}

/** Trains in a worker. Resolves true when the recipe is finished, false when it was stopped or paused before. */
export async function train(options: TrainOptions): Promise<boolean> {
  const folder = runFolder(resolvePath(options.out));
  if (options.resume && !isRunFolder(options.out))
    throw new UserError('no-run', `${options.out}: expected the folder of a run to resume, found no recipe.json there`);
  const existed = existsSync(folder.dir);
  makeFolder(folder.dir);
  const lost = new AbortController();
  const unlock = takeRunLock(folder.lock, options.out, () => lost.abort());
  try {
    const recipe = prepare(options);
    try {
      return await trainLogged({ ...options, recipe }, lost.signal);
    } catch (error) {
      // Of a run that is another process's by now, nothing is ours to remove.
      if (!options.resume && !lost.signal.aborted) forgetFailedStart(options.out);
      throw error;
    }
  } finally {
    unlock();
    if (!existed) removeIfEmpty(folder.dir);
  }
}

/** Trains with the log written. `lost` aborts when the folder has become another process's: nothing more is written. */
async function trainLogged(options: TrainOptions, lost: AbortSignal): Promise<boolean> {
  const folder = runFolder(options.out);
  const log = openSync(folder.log, 'a');
  let finished = false;
  let steps = 0;
  const onEvent = (event: TrainEvent): void => {
    if (event.type === 'done') finished = true;
    try {
      const isLogged = event.type === 'step' ? ++steps % loggedSteps === 0 : !isCount(event);
      if (isLogged) writeSync(log, `${JSON.stringify({ time: new Date().toISOString(), ...event })}\n`);
      options.onEvent?.(event);
    } catch (failure) {
      throw explainWriteError(failure, folder.log);
    }
  };
  try {
    await (options.thread === 'caller' ? trainHere : trainInWorker)(options, onEvent, lost);
  } finally {
    closeSync(log);
  }
  return finished;
}

type OnEvent = (event: TrainEvent) => void;

const taskOf = ({ recipe, data, out, resume, threads, pauseAfter, device }: TrainOptions) => ({
  recipe,
  data,
  out,
  resume: resume ?? false,
  threads,
  pauseAfter,
  device,
});

async function trainHere(options: TrainOptions, onEvent: OnEvent, lost: AbortSignal): Promise<void> {
  const { runTraining } = await import('./trainer.ts');
  const shouldStop = (): boolean => options.signal?.aborted ?? false;
  await runTraining({ ...taskOf(options), ...unlessLost(options.out, () => lost.aborted, { onEvent, shouldStop }) });
}

async function trainInWorker(options: TrainOptions, onEvent: OnEvent, lost: AbortSignal): Promise<void> {
  const wish = new SharedArrayBuffer(4);
  const workerData: TrainWorkerData = { ...taskOf(options), wish };
  // Flags of the parent, as --input-type, mean nothing to the worker's own file.
  const worker = new Worker(new URL('./train-worker.js', import.meta.url), { workerData, execArgv: [] });
  const ask = (value: number): void => {
    Atomics.store(new Int32Array(wish), 0, value);
  };
  const onAbort = (): void => {
    if (!lost.aborted) ask(wishes.stop);
  };
  lost.addEventListener('abort', () => ask(wishes.leave));
  options.signal?.addEventListener('abort', onAbort);
  if (options.signal?.aborted) onAbort();
  try {
    await new Promise<void>((resolve, reject) => {
      let failure: unknown;
      worker.on('message', (message: { event?: TrainEvent; error?: { message: string; stack?: string; code?: string } }) => {
        if (failure !== undefined) return;
        const { event, error } = message;
        if (error) {
          failure = error.code ? new UserError(error.code, error.message) : Object.assign(new Error(error.message), { stack: error.stack });
          return;
        }
        if (!event || lost.aborted) return;
        try {
          onEvent(event);
        } catch (thrown) {
          failure = thrown;
          onAbort();
        }
      });
      worker.on('error', reject);
      // Waited for, never terminated: a thread ended while ONNX Runtime computes in it takes the process along.
      worker.on('exit', () => (failure === undefined ? resolve() : reject(failure)));
    });
  } finally {
    options.signal?.removeEventListener('abort', onAbort);
  }
}
