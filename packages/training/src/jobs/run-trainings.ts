/** Hands trainings out and gathers what became of them; those that are over already are not done again. */
import { setTimeout as sleep } from 'node:timers/promises';
import { errorOf, type JobEvent, type JobFailure, type JobSpec, runJobs } from '@mien/jobs';
import { UserError } from '@mien/runtime';
import type { TrainEvent } from '../events.ts';
import type { Recipe } from '../recipe-schema.ts';
import { keepOutcome, readOutcome, type RunOutcome } from './run-result.ts';
import { type TrainingDone, type TrainingJob, withAbsoluteFiles } from './training-job.ts';
import type { TrainingWork } from './training-work.ts';
import type { WorkMeter } from './work-meter.ts';

/** One training. */
export interface PlannedRun {
  readonly row: string;
  readonly seed: number;
  readonly recipe: Recipe;
  /** Name of its folder within `runs`. */
  readonly folder: string;
  readonly out: string;
  /** An earlier run that is the same training, under another row's name. */
  readonly sameAs: PlannedRun | undefined;
}

export interface RunProgress<Run extends PlannedRun = PlannedRun> {
  readonly run: Run;
  /** Counts from 1. */
  readonly index: number;
  readonly total: number;
  readonly event: TrainEvent;
  /** Of all trainings that are left, by the work done since this call; undefined before anything was. */
  readonly secondsLeft: number | undefined;
}

export interface RunTrainingsOptions<Run extends PlannedRun> {
  readonly runs: readonly Run[];
  /** Opened when the first training is handed out. */
  readonly work: () => Promise<TrainingWork>;
  /** Split to measure on; default: the rows the epoch is chosen on. */
  readonly split: string | undefined;
  /** Epochs after which trainings are paused. */
  readonly pauseAfter?: number | undefined;
  readonly meter: WorkMeter;
  /** Work of a run, in the meter's unit, up to `pauseAfter`. */
  readonly workOf: (run: Run) => number;
  readonly onProgress?: ((progress: RunProgress<Run>) => void) | undefined;
  readonly onOutcome?: ((outcome: RunOutcome, run: Run, index: number) => void) | undefined;
  readonly onNotice: (message: string) => void;
  /** Whether a training that cannot be done is an outcome; otherwise its error is thrown. */
  readonly tolerant?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** A shared folder may show a new file late: attributes are cached for up to a minute. */
const patienceMs = 60_000;
const lookMs = 5000;

/** Resolves with the outcomes known, of all runs unless it was aborted before. */
export async function runTrainings<Run extends PlannedRun>(options: RunTrainingsOptions<Run>): Promise<Map<Run, RunOutcome>> {
  const { runs, pauseAfter, signal } = options;
  const outcomes = new Map<Run, RunOutcome>();
  for (const run of runs) {
    const outcome = readOutcome(run.out, pauseAfter);
    // The row may have had another name then.
    if (outcome) outcomes.set(run, { ...outcome, row: run.row });
  }
  if (runs.every((run) => outcomes.has(run))) return outcomes;
  const hand = new HandOut(options, outcomes);
  if (runs.some((run) => !outcomes.has(run) && !run.sameAs)) {
    const work = await options.work();
    const over = new AbortController();
    try {
      const all = runJobs({
        queue: work.queue,
        jobs: hand.jobs(),
        window: work.window,
        onEvent: (event) => hand.receive(event),
        onTick: () => hand.look(work),
        signal: signal ? AbortSignal.any([signal, over.signal]) : over.signal,
      });
      // A queue that is away would hold up a stop for as long.
      await Promise.race([all, work.broken, ...(signal ? [aborted(signal)] : [])]);
    } finally {
      // Otherwise it would look for outcomes for ever where nobody can train.
      over.abort();
    }
  }
  if (!signal?.aborted) hand.settleCopies();
  return outcomes;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

class HandOut<Run extends PlannedRun> {
  readonly #options: RunTrainingsOptions<Run>;
  readonly #outcomes: Map<Run, RunOutcome>;
  readonly #byId: ReadonlyMap<string, Run>;
  #lookedAt = Date.now();
  #isAlone = false;

  constructor(options: RunTrainingsOptions<Run>, outcomes: Map<Run, RunOutcome>) {
    this.#options = options;
    this.#outcomes = outcomes;
    this.#byId = new Map(options.runs.map((run) => [this.#idOf(run), run]));
  }

  /** The same run is another job for every number of epochs it is taken to. */
  #idOf({ folder }: PlannedRun): string {
    const { pauseAfter } = this.#options;
    return pauseAfter === undefined ? folder : `${folder}-to-${pauseAfter}`;
  }

  *jobs(): Generator<JobSpec<TrainingJob>> {
    const { runs, split, pauseAfter } = this.#options;
    for (const run of runs) {
      if (this.#outcomes.has(run) || this.#settleCopy(run) || run.sameAs) continue;
      const { row, folder } = run;
      const { recipe } = withAbsoluteFiles(run.recipe);
      yield {
        id: this.#idOf(run),
        payload: { row, folder, recipe, ...(split === undefined ? {} : { split }), ...(pauseAfter === undefined ? {} : { pauseAfter }) },
      };
    }
  }

  async receive(event: JobEvent<TrainingDone>): Promise<void> {
    const { meter, workOf, onProgress, onNotice, runs } = this.#options;
    const run = this.#byId.get(event.id);
    if (!run) return;
    switch (event.type) {
      case 'progress': {
        const told = event.value as TrainEvent;
        const share = shareDone(told, this.#options.pauseAfter);
        const secondsLeft = share === undefined ? undefined : meter.at(event.id, workOf(run), share);
        onProgress?.({ run, index: runs.indexOf(run) + 1, total: runs.length, event: told, secondsLeft });
        return;
      }
      case 'retrying':
        onNotice(`${run.folder}: ${event.failure.message} (tried again)`);
        return;
      case 'failed':
        this.#settle(run, this.#failed(run, event.failure));
        return;
      case 'completed':
        this.#settle(run, await this.#outcomeOf(run));
    }
  }

  /** A few times a second. */
  async look({ queue, isQueued }: TrainingWork): Promise<void> {
    if (!isQueued || Date.now() - this.#lookedAt < lookMs) return;
    this.#lookedAt = Date.now();
    const isAlone = (await queue.workers()) === 0;
    if (isAlone && !this.#isAlone) this.#options.onNotice('waiting for workers: start some with `mien worker --queue …`');
    this.#isAlone = isAlone;
  }

  /** Rows that come to the same training share its outcome. */
  settleCopies(): void {
    for (const run of this.#options.runs) if (!this.#outcomes.has(run)) this.#settleCopy(run);
  }

  #settleCopy(run: Run): boolean {
    const known = run.sameAs && this.#outcomes.get(run.sameAs as Run);
    if (!known) return false;
    const outcome = { ...known, row: run.row };
    keepOutcome(run.out, outcome);
    this.#settle(run, outcome, 0);
    return true;
  }

  #settle(run: Run, outcome: RunOutcome, work = this.#options.workOf(run)): void {
    this.#outcomes.set(run, outcome);
    if (work > 0) this.#options.meter.finish(this.#idOf(run), work);
    this.#options.onOutcome?.(outcome, run, this.#options.runs.indexOf(run) + 1);
  }

  #failed({ row, seed }: Run, failure: JobFailure): RunOutcome {
    // A stack is a bug of ours: it must be seen, not stand in a table.
    if (!this.#options.tolerant || failure.stack !== undefined) throw errorOf(failure);
    return { row, seed, failure: failure.message };
  }

  async #outcomeOf({ out, row }: Run): Promise<RunOutcome> {
    for (const until = Date.now() + patienceMs; ; await sleep(200)) {
      const outcome = readOutcome(out, this.#options.pauseAfter);
      if (outcome) return { ...outcome, row };
      if (Date.now() > until) {
        throw new UserError(
          'no-result',
          `${out}: a worker has finished this run, its result does not appear here; is this the folder that the workers write to?`,
        );
      }
    }
  }
}

/** Share of a training, up to where it pauses, that is done after a step. */
function shareDone(event: TrainEvent, pauseAfter: number | undefined): number | undefined {
  if (event.type !== 'step') return undefined;
  return Math.min(1, (event.epoch - 1 + event.step / event.stepsPerEpoch) / Math.min(event.epochs, pauseAfter ?? event.epochs));
}
