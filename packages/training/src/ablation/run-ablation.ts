/** Runs an ablation: every row with every seed, one training after the other, going on where an earlier call was ended. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openStore } from '@mien/data';
import type { Device } from '@mien/onnx';
import { UserError } from '@mien/runtime';
import type { TrainEvent } from '../events.ts';
import { firstDifference } from '../first-difference.ts';
import { isRunFolder, makeFolder, runFolder, writeAtomically } from '../run-folder.ts';
import { takeRunLock } from '../run-lock.ts';
import { train } from '../train.ts';
import type { AblationPlan } from './ablation-plan.ts';
import { type AblationRun, planAblation, type RowCost, runsOf } from './lay-out-ablation.ts';
import { keepOutcome, measureRun, readOutcome, type RunOutcome } from './run-result.ts';

export interface AblationProgress {
  readonly run: AblationRun;
  /** Counts from 1. */
  readonly index: number;
  readonly total: number;
  readonly event: TrainEvent;
  /** Of all trainings that are left, by the work done since this call; undefined before anything was. */
  readonly secondsLeft: number | undefined;
}

export interface RunAblationOptions {
  readonly plan: AblationPlan;
  readonly data: string;
  /** Folder of the ablation; made where there is none. */
  readonly out: string;
  readonly threads?: number | undefined;
  /** Where steps run; default `cpu`. */
  readonly device?: Device | undefined;
  readonly onProgress?: (progress: AblationProgress) => void;
  readonly onOutcome?: (outcome: RunOutcome, index: number, total: number) => void;
  /** Aborting ends after the step in progress, with a checkpoint. */
  readonly signal?: AbortSignal;
}

export interface AblationOutcome {
  readonly costs: readonly RowCost[];
  /** Name of the store. */
  readonly dataset: string;
  readonly outcomes: readonly RunOutcome[];
  /** False where it was stopped before the end. */
  readonly finished: boolean;
}

/** The plan is kept in the folder; what is already there must be the same. */
function keepPlan(plan: AblationPlan, out: string): void {
  const file = join(out, 'ablation.json');
  const text = `${JSON.stringify(plan, null, 2)}\n`;
  if (!existsSync(file)) {
    writeAtomically(file, text);
    return;
  }
  const change = firstDifference(JSON.parse(readFileSync(file, 'utf8')), JSON.parse(text));
  if (!change) return;
  const shorten = (json: string | undefined): string => ((json?.length ?? 0) > 60 ? `${json!.slice(0, 57)}…` : `${json}`);
  throw new UserError(
    'other-ablation',
    `${out}: the ablation was begun with another file (${change.path}: ${shorten(change.was)}, now ${shorten(change.now)}); go on with that one, or start in another --out`,
  );
}

/** Share of a training that is done after a step or an epoch. */
function shareDone(event: TrainEvent): number | undefined {
  if (event.type !== 'step') return undefined;
  return (event.epoch - 1 + event.step / event.stepsPerEpoch) / event.epochs;
}

/** Time left over trainings of unequal work, from the work done since it was made. */
class WorkMeter {
  readonly #began = performance.now();
  /** Where this call began within the run in progress: what an earlier call did takes no time now. */
  #start: number | undefined;
  #done = 0;
  #left: number;

  constructor(left: number) {
    this.#left = left;
  }

  /** Seconds left with `share` of a run of `work` done. */
  secondsLeft(work: number, share: number): number | undefined {
    this.#start ??= share;
    const done = this.#done + (share - this.#start) * work;
    const elapsed = (performance.now() - this.#began) / 1000;
    return done > 0 ? ((this.#left - share * work) / done) * elapsed : undefined;
  }

  finish(work: number): void {
    this.#done += (1 - (this.#start ?? 0)) * work;
    this.#left -= work;
    this.#start = undefined;
  }
}

/** Trains and measures one run, or takes up one that was ended; undefined where it was stopped. */
async function runOne(run: AblationRun, options: RunAblationOptions, onEvent: (event: TrainEvent) => void): Promise<RunOutcome | undefined> {
  const { recipe, row, seed, out } = run;
  const { data, threads, device, signal, plan } = options;
  let done: Extract<TrainEvent, { type: 'done' }> | undefined;
  try {
    const finished = await train({
      recipe,
      data,
      out,
      threads,
      device,
      resume: isRunFolder(out),
      ...(signal ? { signal } : {}),
      onEvent: (event) => {
        if (event.type === 'done') done = event;
        onEvent(event);
      },
    });
    if (!finished) return undefined;
  } catch (error) {
    if (!(error instanceof UserError) || error.code !== 'diverged') throw error;
    return { row, seed, failure: error.message };
  }
  return { row, seed, seconds: done!.seconds, bestEpoch: done!.bestEpoch, ...(await measureRun({ recipe, data, out, split: plan.split, threads })) };
}

/**
 * Trains what is not trained yet. Throws `UserError` where a row does not fit the data, `other-ablation` where the folder
 * holds another one, and whatever a training throws but divergence, which is an outcome.
 */
export async function runAblation(options: RunAblationOptions): Promise<AblationOutcome> {
  const { plan, data, out, onProgress, onOutcome } = options;
  const costs = await planAblation(plan, data);
  makeFolder(out);
  const unlock = takeRunLock(runFolder(out).lock, out);
  try {
    keepPlan(plan, out);
    const runs = runsOf(plan, out);
    const workOf = ({ row, sameAs }: AblationRun): number => (sameAs ? 0 : costs.find(({ name }) => name === row)!.trainingFlops);
    const outcomes = new Map(runs.map((run) => [run, readOutcome(run.out)]));
    const meter = new WorkMeter(runs.reduce((sum, run) => sum + (outcomes.get(run) ? 0 : workOf(run)), 0));
    const store = await openStore(data);
    const dataset = store.manifest.name;
    await store.close();
    const all = (): RunOutcome[] => [...outcomes.values()].filter((outcome) => outcome !== undefined);
    for (const [i, run] of runs.entries()) {
      if (outcomes.get(run)) continue;
      const known = run.sameAs && outcomes.get(run.sameAs);
      const outcome = known
        ? { ...known, row: run.row }
        : await runOne(run, options, (event) => {
            const share = shareDone(event);
            const secondsLeft = share === undefined ? undefined : meter.secondsLeft(workOf(run), share);
            onProgress?.({ run, index: i + 1, total: runs.length, event, secondsLeft });
          });
      if (!outcome) return { costs, dataset, outcomes: all(), finished: false };
      keepOutcome(run.out, outcome);
      outcomes.set(run, outcome);
      meter.finish(workOf(run));
      onOutcome?.(outcome, i + 1, runs.length);
    }
    return { costs, dataset, outcomes: all(), finished: true };
  } finally {
    unlock();
  }
}
