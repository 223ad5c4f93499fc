/** Runs an ablation: every row with every seed, here or by workers, going on where an earlier call was ended. */
import { resolve } from 'node:path';
import { openStore } from '@mien/data';
import type { Device } from '@mien/onnx';
import { makeFolder, runFolder } from '../run-folder.ts';
import { takeRunLock } from '../run-lock.ts';
import { keepPlan } from '../jobs/keep-plan.ts';
import type { RunOutcome } from '../jobs/run-result.ts';
import { type RunProgress, runTrainings } from '../jobs/run-trainings.ts';
import { SharedWork } from '../jobs/shared-work.ts';
import type { TrainingPlace } from '../jobs/training-work.ts';
import { WorkMeter } from '../jobs/work-meter.ts';
import type { AblationPlan } from './ablation-plan.ts';
import { type AblationRun, planAblation, type RowCost, runsOf } from './lay-out-ablation.ts';

export type AblationProgress = RunProgress<AblationRun>;

export interface RunAblationOptions extends TrainingPlace {
  readonly plan: AblationPlan;
  readonly data: string;
  /** Folder of the ablation; made where there is none. With a queue, every worker must reach it. */
  readonly out: string;
  /** Where steps run; default `cpu`. */
  readonly device?: Device | undefined;
  readonly onProgress?: (progress: AblationProgress) => void;
  readonly onOutcome?: (outcome: RunOutcome, index: number, total: number) => void;
  /** Lines worth reading while it runs. */
  readonly onNotice?: (message: string) => void;
  /** Aborting ends after the steps in progress, with checkpoints. */
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

/**
 * Trains what is not trained yet. Throws `UserError` where a row does not fit the data, `other-ablation` where the folder
 * holds another one, and whatever a training throws but divergence, which is an outcome.
 */
export async function runAblation(options: RunAblationOptions): Promise<AblationOutcome> {
  const { plan, data, device, onProgress, onOutcome, onNotice = () => {}, signal } = options;
  const out = resolve(options.out);
  const costs = await planAblation(plan, data);
  const runs = runsOf(plan, out);
  const work = new SharedWork({ out, data, device, recipes: runs.map(({ recipe }) => recipe), place: options, onNotice });
  await work.check();
  makeFolder(out);
  const unlock = takeRunLock(runFolder(out).lock, options.out);
  try {
    keepPlan({ file: 'ablation.json', code: 'other-ablation', what: 'ablation', plan, out });
    const workOf = ({ row, sameAs }: AblationRun): number => (sameAs ? 0 : costs.find(({ name }) => name === row)!.trainingFlops);
    const outcomes = await runTrainings({
      runs,
      work: () => work.open(),
      split: plan.split,
      meter: new WorkMeter(work.left(runs, workOf)),
      workOf,
      onProgress,
      onOutcome: onOutcome && ((outcome, _, index) => onOutcome(outcome, index, runs.length)),
      onNotice,
      signal,
    });
    const store = await openStore(data);
    const dataset = store.manifest.name;
    await store.close();
    return { costs, dataset, outcomes: runs.flatMap((run) => outcomes.get(run) ?? []), finished: outcomes.size === runs.length };
  } finally {
    await work.close();
    unlock();
  }
}
