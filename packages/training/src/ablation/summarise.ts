/** Outcomes of an ablation gathered by row, with intervals over images and seeds. */
import { intervalOverSeeds, meanAndSd } from '@mien/evaluation';
import { UserError } from '@mien/runtime';
import type { Recipe } from '../recipe-schema.ts';
import type { AblationPlan } from './ablation-plan.ts';
import type { RowCost } from './lay-out-ablation.ts';
import type { AblationOutcome } from './run-ablation.ts';
import { isFailed, type RunResult } from '../jobs/run-result.ts';

export interface Spread {
  readonly mean: number;
  /** Sample standard deviation over the seeds; undefined for one seed. */
  readonly sd: number | undefined;
}

export interface RowSummary extends RowCost {
  readonly note: string;
  readonly seeds: readonly number[];
  /** Seeds whose training diverged or could not be done. */
  readonly failed: readonly number[];
  /** Undefined where no training of the row is over. */
  readonly figures?: RowFigures;
}

export interface RowFigures {
  /** One entry a seed. */
  readonly accuracies: readonly number[];
  readonly accuracy: Spread;
  /** 95 %, over images and seeds. */
  readonly accuracy95: readonly [number, number];
  readonly macroF1: Spread;
  /** Accuracy − that of the row it is compared with, over the seeds both have; undefined where there is none. */
  readonly difference?: { readonly against: string; readonly value: number; readonly interval95: readonly [number, number] };
  readonly seconds: number;
}

export interface AblationSummary {
  readonly name: string;
  readonly description: string;
  readonly dataset: string;
  /** The images measured on, in words. */
  readonly measuredOn: string;
  readonly n: number;
  readonly seeds: readonly number[];
  readonly finished: boolean;
  /** Machines and threads of the trainings, as far as their results say. */
  readonly trainedWith: readonly string[];
  readonly rows: readonly RowSummary[];
}

/** 1 for each image named rightly, else 0. */
export const hitsOf = ({ truth, predicted }: Pick<RunResult, 'truth' | 'predicted'>): Int8Array =>
  Int8Array.from(truth, (label, i) => Number(label === predicted[i]));

/** What is laid out of an ablation, or of a sweep, whose folds put together are the whole split. */
export type SummarisedPlan = AblationPlan & { readonly folds?: number | undefined };

/** Whether all seeds of a row are asked about the same images; where none are named, each holds out images of its own. */
function asksSameRows({ split, folds }: SummarisedPlan, { data }: Recipe): boolean {
  return split !== undefined || folds !== undefined || (!data.apart && 'split' in data.validation);
}

/** Hits of `run` − those of the other row's training with the same seed, image by image. Throws `UserError` where they were not asked about the same images. */
function gains(run: RunResult, reference: RunResult): Int8Array {
  if (run.truth.length !== reference.truth.length || run.truth.some((label, i) => label !== reference.truth[i])) {
    throw new UserError(
      'other-rows',
      `${run.row} was measured on ${run.rows} (${run.n} images), ${reference.row} on ${reference.rows} (${reference.n}): rows of an ablation can only be compared on the same images; name them with split`,
    );
  }
  const before = hitsOf(reference);
  return hitsOf(run).map((hit, i) => hit - before[i]!);
}

/** Figures of the trainings of one row, against those of the row it is compared with. */
function figuresOf(runs: readonly RunResult[], against: string | undefined, results: readonly RunResult[], sameRows: boolean): RowFigures | undefined {
  if (runs.length === 0) return undefined;
  const pairs = runs.flatMap((run) => results.filter(({ row, seed }) => row === against && seed === run.seed).map((other) => gains(run, other)));
  const accuracies = runs.map(({ accuracy }) => accuracy);
  return {
    accuracies,
    accuracy: meanAndSd(accuracies),
    accuracy95: intervalOverSeeds(runs.map(hitsOf), { sameRows }),
    macroF1: meanAndSd(runs.map(({ macroF1 }) => macroF1)),
    ...(against !== undefined && pairs.length > 0
      ? { difference: { against, value: meanAndSd(pairs.map((pair) => meanAndSd([...pair]).mean)).mean, interval95: intervalOverSeeds(pairs, { sameRows }) } }
      : {}),
    seconds: meanAndSd(runs.map(({ seconds }) => seconds)).mean,
  };
}

/** The table's figures, of a finished ablation or of what there is so far. */
export function summariseAblation(plan: SummarisedPlan, { costs, dataset, outcomes, finished }: AblationOutcome): AblationSummary {
  const results = outcomes.filter((outcome): outcome is RunResult => !isFailed(outcome));
  const rows = plan.rows.map(({ name, note, against, recipe }, i): RowSummary => {
    const runs = results.filter(({ row }) => row === name);
    const figures = figuresOf(runs, against, results, asksSameRows(plan, recipe));
    const failed = outcomes.filter((outcome) => isFailed(outcome) && outcome.row === name).map(({ seed }) => seed);
    return { ...costs[i]!, note, seeds: runs.map(({ seed }) => seed), failed, ...(figures ? { figures } : {}) };
  });
  return {
    name: plan.name,
    description: plan.description,
    dataset,
    measuredOn: [...new Set(results.map((run) => run.rows))].join(' and ') || 'nothing yet',
    n: results[0]?.n ?? 0,
    seeds: plan.seeds,
    finished,
    trainedWith: [...new Set(results.flatMap((run) => run.trainedWith ?? []))].sort(),
    rows,
  };
}
