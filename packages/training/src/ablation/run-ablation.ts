/** Runs an ablation: every row with every seed, here or by workers, going on where an earlier call was ended. */
import { resolve } from 'node:path';
import type { Device } from '@mien/onnx';
import { fingerprintOf } from '../data-fingerprint.ts';
import { makeFolder, runFolder } from '../run-folder.ts';
import { takeRunLock } from '../run-lock.ts';
import { readOutcome, type RunOutcome } from '../jobs/run-result.ts';
import { type RunProgress, runTrainings } from '../jobs/run-trainings.ts';
import { SharedWork } from '../jobs/shared-work.ts';
import type { TrainingPlace } from '../jobs/training-work.ts';
import { WorkMeter } from '../jobs/work-meter.ts';
import type { AblationPlan } from './ablation-plan.ts';
import { keepAblation } from './keep-ablation.ts';
import { type AblationRun, planAblation, type RowCost, runsOf, workOfRow } from './lay-out-ablation.ts';

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
  /** Told what is finished when an error in one training ends the ablation, before that error is thrown. */
  readonly onFailure?: (soFar: AblationOutcome) => Promise<void>;
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

/** What stands in the folders. */
function finishedOf(runs: readonly AblationRun[]): RunOutcome[] {
  return runs.flatMap((run) => {
    const outcome = readOutcome(run.out) ?? (run.sameAs && readOutcome(run.sameAs.out));
    return outcome ? { ...outcome, row: run.row } : [];
  });
}

/**
 * Trains what is not trained yet. Throws `UserError` where a row does not fit the data, `other-data` or `other-ablation` where
 * the folder was begun with other data or measured on other rows, and whatever a training throws but divergence, which is an outcome.
 */
export async function runAblation(options: RunAblationOptions): Promise<AblationOutcome> {
  const { plan, data, device, onProgress, onOutcome, onNotice = () => {}, signal } = options;
  const out = resolve(options.out);
  const costs = await planAblation(plan, data);
  const fingerprint = await fingerprintOf(data);
  const recipes = runsOf(plan, out).map(({ recipe }) => recipe);
  const work = new SharedWork({ out, data, device, recipes, place: options, onNotice });
  await work.check();
  makeFolder(out);
  const unlock = takeRunLock(runFolder(out).lock, options.out);
  try {
    const runs = keepAblation({ plan, data: fingerprint, out });
    const soFar = (outcomes: readonly RunOutcome[]): AblationOutcome => ({
      costs,
      dataset: fingerprint.name,
      outcomes,
      finished: outcomes.length === runs.length,
    });
    const workOf = ({ row, sameAs }: AblationRun): number => (sameAs ? 0 : workOfRow(costs.find(({ name }) => name === row)!));
    const training = runTrainings({
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
    const outcomes = await training.catch(async (error: unknown) => {
      await options
        .onFailure?.(soFar(finishedOf(runs)))
        .catch((failure: Error) => onNotice(`the table of what is finished was not written: ${failure.message}`));
      throw error;
    });
    return soFar(runs.flatMap((run) => outcomes.get(run) ?? []));
  } finally {
    await work.close();
    unlock();
  }
}
