/** Runs an ablation: every row with every seed, one training after the other, going on where an earlier call was ended. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openStore } from '@mien/data';
import type { Device } from '@mien/onnx';
import { UserError } from '@mien/runtime';
import { teacherFlops } from '../combine/teacher-panel.ts';
import type { TrainEvent } from '../events.ts';
import { firstDifference } from '../first-difference.ts';
import { describePlan, planNetwork } from '../network-plan.ts';
import type { Recipe } from '../recipe-schema.ts';
import { chooseRows } from '../rows.ts';
import { isRunFolder, makeFolder, runFolder, writeAtomically } from '../run-folder.ts';
import { takeRunLock } from '../run-lock.ts';
import { train } from '../train.ts';
import { trainingFlops } from '../training-cost.ts';
import type { AblationPlan } from './ablation-plan.ts';
import { keepOutcome, measureRun, readOutcome, type RunOutcome } from './run-result.ts';

/** What a row is, before anything is trained. */
export interface RowCost {
  readonly name: string;
  readonly architecture: string;
  /** [C,H,W] */
  readonly input: readonly number[];
  readonly parameters: number;
  /** Of one image forward, 2 × multiply-adds. */
  readonly flops: number;
  readonly trainingRows: number;
  /** Of one training with all its epochs. */
  readonly trainingFlops: number;
}

/** Looks at every row against the data. Throws `UserError` for the first that does not fit, naming it. */
export async function planAblation({ rows, split }: AblationPlan, data: string): Promise<RowCost[]> {
  const store = await openStore(data);
  try {
    if (split !== undefined && (await store.split(split)).locked) {
      throw new UserError(
        'locked-split',
        `split ${split} is a locked test split: an ablation reads it as often as it has rows, and would choose by it; name another one in split`,
      );
    }
  } finally {
    await store.close();
  }
  const costs: RowCost[] = [];
  for (const { name, recipe } of rows) {
    // A missing file is better found now than when its row's turn comes.
    if (recipe.init !== undefined && !existsSync(recipe.init)) throw new UserError('no-init', `row ${name}: init ${recipe.init}: there is no such file or run`);
    const chosen = await chooseRows(recipe, data);
    const { image, labelNames } = chosen.train;
    const plan = planNetwork(recipe, [image.channels, image.height, image.width], labelNames);
    const { params, flops } = describePlan(plan);
    const counts = { train: chosen.trainRows.length, validation: chosen.validationRows.length };
    costs.push({
      name,
      architecture: plan.architecture.name,
      input: plan.input,
      parameters: params.total,
      flops,
      trainingRows: counts.train,
      trainingFlops: trainingFlops(recipe, plan, counts, teacherFlops(recipe.distill?.teachers ?? [])),
    });
  }
  return costs;
}

/** One training of an ablation. */
export interface AblationRun {
  readonly row: string;
  readonly seed: number;
  readonly recipe: Recipe;
  readonly out: string;
  /** An earlier run that is the same training, under another row's name. */
  readonly sameAs: AblationRun | undefined;
}

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

/** `CBAM in every block` → `cbam-in-every-block`. */
const slug = (name: string): string =>
  name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');

/**
 * Every training in the order they run: all rows with the first seed first, so that a whole table stands early. Rows that
 * name different things but come to the same recipe are trained once.
 */
export function runsOf({ rows, seeds }: Pick<AblationPlan, 'rows' | 'seeds'>, out: string): AblationRun[] {
  const first = new Map<string, AblationRun>();
  return seeds.flatMap((seed) =>
    rows.map(({ name, recipe: unseeded }, i) => {
      const recipe = { ...unseeded, seed };
      const training = JSON.stringify({ ...recipe, name: '', description: '' });
      const folder = `${String(i + 1).padStart(2, '0')}-${slug(name)}-seed-${seed}`;
      const run = { row: name, seed, recipe, out: join(out, 'runs', folder), sameAs: first.get(training) };
      if (!run.sameAs) first.set(training, run);
      return run;
    }),
  );
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
