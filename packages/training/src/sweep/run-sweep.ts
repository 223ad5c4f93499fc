/** Runs a sweep: its candidates with every seed and fold, here or by workers, rung by rung, going on where an earlier call was ended. */
import { resolve } from 'node:path';
import { openStore } from '@mien/data';
import type { Device } from '@mien/onnx';
import { checkSameData, type DataFingerprint, fingerprintOf } from '../data-fingerprint.ts';
import { planAblation, type RowCost, workOfRow } from '../ablation/lay-out-ablation.ts';
import { makeFolder, runFolder } from '../run-folder.ts';
import { takeRunLock } from '../run-lock.ts';
import { keepPlan, keptPlan } from '../jobs/keep-plan.ts';
import { isFailed, type RunOutcome } from '../jobs/run-result.ts';
import { type RunProgress, runTrainings } from '../jobs/run-trainings.ts';
import { SharedWork } from '../jobs/shared-work.ts';
import type { TrainingPlace } from '../jobs/training-work.ts';
import { WorkMeter } from '../jobs/work-meter.ts';
import { bestOf, countsOf } from './halving.ts';
import { joinFolds } from './join-folds.ts';
import { checkFolds, type SweepPlan, type SweepRun, sweepRuns } from './sweep-plan.ts';

export type SweepProgress = RunProgress<SweepRun> & {
  /** Counts from 1; 1 of 1 without halving. */
  readonly rung: number;
  readonly rungs: number;
};

export interface RunSweepOptions extends TrainingPlace {
  readonly plan: SweepPlan;
  readonly data: string;
  /** Folder of the sweep; made where there is none. With a queue, every worker must reach it. */
  readonly out: string;
  readonly device?: Device | undefined;
  readonly onProgress?: ((progress: SweepProgress) => void) | undefined;
  readonly onOutcome?: ((outcome: RunOutcome, run: SweepRun, index: number, total: number) => void) | undefined;
  readonly onNotice?: ((message: string) => void) | undefined;
  /** Aborting ends after the steps in progress, with checkpoints. */
  readonly signal?: AbortSignal | undefined;
}

/** How far one candidate came. */
export interface CandidateOutcome {
  readonly name: string;
  /** One a seed, of the last rung it reached, folds put together. */
  readonly outcomes: readonly RunOutcome[];
  /** Rungs it trained to the end of; 0 where trainings of the first are to come. */
  readonly rungsReached: number;
}

export interface SweepOutcome {
  /** In the order of the plan's rows. */
  readonly costs: readonly RowCost[];
  readonly candidates: readonly CandidateOutcome[];
  /** Name of the store. */
  readonly dataset: string;
  /** Trainings begun, and seconds of training in all, over all workers. */
  readonly trainings: number;
  readonly seconds: number;
  readonly finished: boolean;
}

/** Mean accuracy over the seeds; NaN where one of them failed: a rate at which half of the seeds diverge is no good rate. */
function scoreOf(outcomes: readonly RunOutcome[]): number {
  return outcomes.reduce((sum, outcome) => sum + (isFailed(outcome) ? Number.NaN : outcome.accuracy), 0) / outcomes.length;
}

/**
 * Trains what is not trained yet. Throws `UserError` where a candidate does not fit the data, `other-sweep` where the folder holds
 * another one. A training that diverges or cannot be done is an outcome of its candidate.
 */
export async function runSweep(options: RunSweepOptions): Promise<SweepOutcome> {
  const { plan, data, device, onNotice = () => {} } = options;
  const out = resolve(options.out);
  await checkFolds(plan, data);
  const costs = await planAblation(plan, data, { tolerant: true });
  const fingerprint = await fingerprintOf(data);
  const runs = sweepRuns(plan, out);
  const work = new SharedWork({ out, data, device, recipes: runs.map(({ recipe }) => recipe), place: options, onNotice });
  await work.check();
  makeFolder(out);
  const unlock = takeRunLock(runFolder(out).lock, options.out);
  try {
    keepSweep(plan, fingerprint, out);
    return await new Sweep({ ...options, onNotice }, costs, runs, work).run();
  } finally {
    await work.close();
    unlock();
  }
}

/** Throws `UserError` `other-data`, `other-sweep`. */
function keepSweep(plan: SweepPlan, data: DataFingerprint, out: string): void {
  const kept = keptPlan({ file: 'sweep.json', out }) as { data?: DataFingerprint } | undefined;
  checkSameData(kept?.data, data, out, 'sweep');
  // Folders of before know their plan alone, or less of their data.
  const known = kept && !kept.data ? plan : { ...plan, data: kept?.data ?? data };
  keepPlan({ file: 'sweep.json', code: 'other-sweep', what: 'sweep', plan: known, out });
}

type NoticingOptions = RunSweepOptions & { readonly onNotice: (message: string) => void };

class Sweep {
  readonly #options: NoticingOptions;
  readonly #costs: readonly RowCost[];
  readonly #runs: readonly SweepRun[];
  readonly #work: SharedWork;
  readonly #latest = new Map<SweepRun, RunOutcome>();
  readonly #reached = new Map<string, number>();

  constructor(options: NoticingOptions, costs: readonly RowCost[], runs: readonly SweepRun[], work: SharedWork) {
    this.#options = options;
    this.#costs = costs;
    this.#runs = runs;
    this.#work = work;
  }

  async run(): Promise<SweepOutcome> {
    const { plan, onNotice } = this.#options;
    const names = plan.rows.map(({ name }) => name);
    const rungs = plan.halving?.rungs ?? [undefined];
    const counts = plan.halving ? countsOf(names.length, plan.halving) : [names.length];
    let alive = names;
    let finished = true;
    for (const [i, epochs] of rungs.entries()) {
      finished = await this.#runRung(alive, i, epochs);
      if (!finished) break;
      for (const name of alive) this.#reached.set(name, i + 1);
      const next = counts[i + 1];
      if (next === undefined) break;
      const scores = alive.map((name) => scoreOf(this.#outcomesOf(name)));
      const before = alive;
      alive = bestOf(scores, next).map((place) => before[place]!);
      onNotice(`after epoch ${epochs}: ${alive.length} of ${before.length} go on (${alive.join(', ')})`);
    }
    return this.#outcome(finished);
  }

  /** Resolves false when stopped before the end. `epochs`: where the trainings of this rung pause; undefined: nowhere. */
  async #runRung(alive: readonly string[], rung: number, epochs: number | undefined): Promise<boolean> {
    const { plan, onProgress, onOutcome, onNotice, signal } = this.#options;
    const runs = this.#runs.filter(({ row }) => alive.includes(row));
    const rungs = plan.halving?.rungs ?? [];
    const whole = rungs.at(-1) ?? 1;
    const workOf = ({ row }: SweepRun): number => workOfRow(this.#costs.find(({ name }) => name === row)!) * ((epochs ?? whole) / whole);
    const outcomes = await runTrainings<SweepRun>({
      runs,
      work: () => this.#work.open(),
      split: plan.split,
      pauseAfter: epochs === whole ? undefined : epochs,
      meter: new WorkMeter(this.#work.left(runs, workOf)),
      workOf,
      onProgress: onProgress && ((progress) => onProgress({ ...progress, rung: rung + 1, rungs: Math.max(1, rungs.length) })),
      onOutcome: onOutcome && ((outcome, run, index) => onOutcome(outcome, run, index, runs.length)),
      onNotice,
      tolerant: true,
      signal,
    });
    const isWhole = outcomes.size === runs.length;
    // Of a later rung that was stopped nothing is told yet: candidates are only compared after the same number of epochs.
    if (isWhole || rung === 0) for (const [run, outcome] of outcomes) this.#latest.set(run, outcome);
    return isWhole;
  }

  /** What is known of a candidate, one outcome a seed. */
  #outcomesOf(name: string): RunOutcome[] {
    const { seeds, folds } = this.#options.plan;
    return seeds.flatMap((seed) => {
      const runs = this.#runs.filter((run) => run.row === name && run.seed === seed);
      const known = runs.flatMap((run) => this.#latest.get(run) ?? []);
      return folds === undefined ? known : (joinFolds(known, folds) ?? []);
    });
  }

  async #outcome(finished: boolean): Promise<SweepOutcome> {
    const { plan, data } = this.#options;
    const store = await openStore(data);
    const dataset = store.manifest.name;
    await store.close();
    return {
      costs: this.#costs,
      candidates: plan.rows.map(({ name }) => ({ name, outcomes: this.#outcomesOf(name), rungsReached: this.#reached.get(name) ?? 0 })),
      dataset,
      trainings: this.#latest.size,
      seconds: [...this.#latest.values()].reduce((sum, outcome) => sum + (isFailed(outcome) ? 0 : outcome.seconds), 0),
      finished,
    };
  }
}
