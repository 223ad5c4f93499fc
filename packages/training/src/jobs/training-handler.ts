/** The worker's side of a sweep or an ablation: trains one run, or takes it up from the checkpoint another worker left, and measures it. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Claim, type JobContext, type OpenedHandler, parsePathMap, RetryLater, unreachable } from '@mien/jobs';
import { UserError } from '@mien/runtime';
import { readPosition } from '../checkpoint.ts';
import { isCount, type TrainEvent } from '../events.ts';
import { kernelsFor } from '../open-training.ts';
import { readJson } from '../read-json.ts';
import { checkRecipe } from '../recipe.ts';
import type { Recipe } from '../recipe-schema.ts';
import { isRunFolder, runFolder } from '../run-folder.ts';
import { breakAbandonedLock } from '../run-lock.ts';
import { train, type TrainOptions } from '../train.ts';
import { keepOutcome, measureRun, readOutcome } from './run-result.ts';
import { describeMachine } from './training-machine.ts';
import { type TrainingDone, type TrainingJob, trainingJobSchema, type TrainingRunPayload, trainingRunSchema } from './training-job.ts';

/** What only this machine knows. */
export interface TrainingWorkerOptions {
  /** Default: all cores. */
  readonly threads?: number | undefined;
  /** `FROM=TO` rules for folders that lie elsewhere here. */
  readonly map: readonly string[];
  /** Step events are told this far apart; epochs and the rest always. Default 2,000; 0 where they go nowhere but to this process. */
  readonly progressEveryMs?: number | undefined;
  /** How long a lock of another machine is watched before it counts as left behind. */
  readonly lockWatchMs?: number | undefined;
}

/** A place that is full or away mends itself; a file of the wrong kind does not. */
const passingCodes = new Set(['ENOSPC', 'EDQUOT', 'ESTALE', 'EIO']);

/**
 * Opens a worker of trainings. Throws `UserError`: `unreachable` where this machine does not see the folders or files,
 * `device-unavailable` where it cannot train on the device that was asked for.
 */
export async function openTrainingHandler(payload: unknown, worker: TrainingWorkerOptions): Promise<OpenedHandler<TrainingJob, TrainingDone>> {
  const run = trainingRunSchema.parse(payload);
  const mapPath = parsePathMap(worker.map);
  const [dir, data] = [mapPath(run.dir), mapPath(run.data)];
  const missing = await unreachable([dir, data]);
  if (missing) throw new UserError('unreachable', `${missing} cannot be reached from here: mount it at the same path, or say where it is with --map FROM=TO`);
  const absent = run.files.find((file) => !existsSync(file));
  if (absent) throw new UserError('unreachable', `${absent}, which a recipe names, cannot be reached from here: it must lie at the same path on every machine`);
  if (run.device !== 'cpu') await kernelsFor(run.device);
  return {
    handle: (claim, context) => trainJob({ dir, data, device: run.device, worker }, claim, context),
    release: async () => {},
  };
}

interface Place {
  readonly dir: string;
  readonly data: string;
  readonly device: TrainingRunPayload['device'];
  readonly worker: TrainingWorkerOptions;
}

async function trainJob({ dir, data, device, worker }: Place, claim: Claim<TrainingJob>, { signal, progress }: JobContext): Promise<TrainingDone> {
  const { folder, row, recipe: fields, split, pauseAfter } = trainingJobSchema.parse(claim.payload);
  const out = join(dir, 'runs', folder);
  if (readOutcome(out, pauseAfter)) return { worked: false };
  const recipe = withKeptName(checkRecipe(fields, `run ${folder}`), out);
  const { seed } = recipe;
  const { threads, progressEveryMs = 2000, lockWatchMs } = worker;
  const onEvent = sparingly(progress, progressEveryMs);
  try {
    const finished = await trainWhenFree(
      { recipe, data, out, threads, device, pauseAfter, signal, onEvent },
      lockWatchMs === undefined ? {} : { watchMs: lockWatchMs },
    );
    if (!finished) signal.throwIfAborted();
    const { seconds, bestEpoch } = readPosition(runFolder(out).last);
    const measured = await measureRun({ recipe, data, out, split, threads, onProgress: (done, total) => onEvent({ type: 'measuring', done, total }) });
    const trainedWith = describeMachine(device, threads);
    keepOutcome(out, { row, seed, seconds, trainedWith, bestEpoch, ...(finished ? {} : { pausedAfter: pauseAfter! }), ...measured });
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    if (error.code === 'diverged') keepOutcome(out, { row, seed, failure: error.message });
    else throw isPassing(error) ? new RetryLater(error.message, { cause: error }) : error;
  }
  return { worked: true };
}

/** A row may be renamed while its training waits to be gone on with: the run keeps the name it was begun with. */
function withKeptName(recipe: Recipe, out: string): Recipe {
  if (!isRunFolder(out)) return recipe;
  const { name, description } = readJson(runFolder(out).recipe, 'delete the folder, and the run is trained anew') as Recipe;
  return { ...recipe, name, description };
}

function isPassing({ code, cause }: UserError): boolean {
  return code === 'run-lost' || (code === 'cannot-write' && passingCodes.has((cause as NodeJS.ErrnoException | undefined)?.code ?? ''));
}

/** Goes on with a run whose worker is gone; where that one still works, somebody has to wait. */
async function trainWhenFree(options: TrainOptions, watch: { watchMs?: number }): Promise<boolean> {
  for (;;) {
    try {
      return await train({ ...options, resume: isRunFolder(options.out) });
    } catch (error) {
      if (!(error instanceof UserError) || error.code !== 'run-in-use') throw error;
      const isFree = await breakAbandonedLock(runFolder(options.out).lock, { ...watch, ...(options.signal ? { signal: options.signal } : {}) });
      if (!isFree) throw new RetryLater(error.message, { cause: error });
    }
  }
}

function sparingly(tell: (event: TrainEvent) => void, everyMs: number): (event: TrainEvent) => void {
  let told = Number.NEGATIVE_INFINITY;
  return (event) => {
    if ((event.type === 'step' || isCount(event)) && Date.now() - told < everyMs) return;
    told = Date.now();
    tell(event);
  };
}
