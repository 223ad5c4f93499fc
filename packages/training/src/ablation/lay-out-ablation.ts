/** An ablation laid out before anything is trained: what each row costs on the data, and the trainings it comes to. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { openStore } from '@mien/data';
import { refuseUnlabelled } from '@mien/evaluation';
import { UserError } from '@mien/runtime';
import { teacherFlops } from '../combine/teacher-panel.ts';
import { checkOnData } from '../check-stages.ts';
import { describePlan, type NetworkPlan, planNetwork } from '../network-plan.ts';
import type { Recipe } from '../recipe-schema.ts';
import { chooseRows, describeValidation, type TrainingRows } from '../rows.ts';
import type { PlannedRun } from '../jobs/run-trainings.ts';
import { slownessOf, trainingFlops } from '../training-cost.ts';
import type { AblationPlan } from './ablation-plan.ts';

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
  /** Times as long as other networks that this one needs for the same operations. */
  readonly slowness: number;
}

/** What a training of the row takes, in operations of a network that needs no longer for them than usual. */
export function workOfRow({ trainingFlops, slowness }: RowCost): number {
  return trainingFlops * slowness;
}

export interface PlanAblationOptions {
  /** Whether a row that cannot be trained is found out when its turn comes, as a candidate of a sweep. Default false. */
  readonly tolerant?: boolean;
}

/** What a mistake in a row says, with the row's name before it. */
async function named<T>(name: string, look: () => Promise<T>): Promise<T> {
  try {
    return await look();
  } catch (error) {
    throw error instanceof UserError ? new UserError(error.code, `row ${name}: ${error.message}`, { cause: error }) : error;
  }
}

/** The images a row is measured on where no split is named, by their origin, and in words. */
interface MeasuredRows {
  readonly rows: string;
  readonly words: string;
}

function measuredRows(recipe: Recipe, { apartRows, chosen, validationRows }: TrainingRows): MeasuredRows {
  const { apart } = recipe.data;
  if (apart)
    return { rows: `${apart.fold}/${apart.folds} ${apartRows.join()}`, words: `fold ${apart.fold + 1} of ${apart.folds} (${apartRows.length} images)` };
  return { rows: JSON.stringify(chosen), words: `${describeValidation(recipe)} (${validationRows.length} images)` };
}

/** Hours later would be late to find out that two rows cannot be compared. */
function checkSameRows(rows: AblationPlan['rows'], measured: ReadonlyMap<string, MeasuredRows>): void {
  for (const { name, against = rows[0]!.name } of rows) {
    const [own, other] = [measured.get(name)!, measured.get(against)!];
    if (own.rows === other.rows) continue;
    throw new UserError(
      'other-rows',
      `row ${name} would be measured on ${own.words}, ${against} on ${other.words}: rows can only be compared on the same images; name them with split, or give both the same data.validation`,
    );
  }
}

/** Looks at every row against the data, before anything is trained. Throws `UserError` for the first that does not fit, naming it. */
export async function planAblation(
  { rows, split, seeds }: Pick<AblationPlan, 'rows' | 'split' | 'seeds'>,
  data: string,
  { tolerant = false }: PlanAblationOptions = {},
): Promise<RowCost[]> {
  const store = await openStore(data);
  try {
    const measured = split === undefined ? undefined : await store.split(split);
    if (measured) refuseUnlabelled(measured);
    if (measured?.locked) {
      throw new UserError(
        'locked-split',
        `split ${split} is a locked test split: it would be read as often as there are rows, and chosen by; name another one in split`,
      );
    }
  } finally {
    await store.close();
  }
  const costs: RowCost[] = [];
  const measured = new Map<string, MeasuredRows>();
  for (const { name, recipe } of rows) {
    const { chosen, plan, taught } = await named(name, async () => {
      // A missing file is better found now than when its row's turn comes.
      if (recipe.init !== undefined && !existsSync(recipe.init)) throw new UserError('no-init', `init ${recipe.init}: there is no such file or run`);
      const seeded = { ...recipe, seed: seeds[0] ?? recipe.seed };
      const chosen = await chooseRows(seeded, data);
      let plan: NetworkPlan;
      try {
        const { image, labelNames } = chosen.train;
        plan = planNetwork(recipe, [image.channels, image.height, image.width], labelNames);
        if (!tolerant) await checkOnData(seeded, plan, chosen);
      } finally {
        await chosen.close();
      }
      return { chosen, plan, taught: teacherFlops(recipe.distill?.teachers ?? []) };
    });
    measured.set(name, measuredRows(recipe, chosen));
    const { params, flops } = describePlan(plan);
    const counts = { train: chosen.trainRows.length, validation: chosen.validationRows.length, unlabelled: chosen.unlabelledRows.length };
    costs.push({
      name,
      architecture: plan.architecture.name,
      input: plan.input,
      parameters: params.total,
      flops,
      trainingRows: counts.train,
      trainingFlops: trainingFlops(recipe, plan, counts, taught),
      slowness: slownessOf(plan),
    });
  }
  if (split === undefined) checkSameRows(rows, measured);
  return costs;
}

/** One training of an ablation. */
export type AblationRun = PlannedRun;

/** `CBAM in every block` → `cbam-in-every-block`. */
export const slug = (name: string): string =>
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
      const run = { row: name, seed, recipe, folder, out: join(out, 'runs', folder), sameAs: first.get(training) };
      if (!run.sameAs) first.set(training, run);
      return run;
    }),
  );
}
