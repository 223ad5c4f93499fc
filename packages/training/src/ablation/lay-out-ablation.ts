/** An ablation laid out before anything is trained: what each row costs on the data, and the trainings it comes to. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { openStore } from '@mien/data';
import { refuseUnlabelled } from '@mien/evaluation';
import { UserError } from '@mien/runtime';
import { teacherFlops } from '../combine/teacher-panel.ts';
import { describePlan, planNetwork } from '../network-plan.ts';
import { chooseRows } from '../rows.ts';
import type { PlannedRun } from '../jobs/run-trainings.ts';
import { trainingFlops } from '../training-cost.ts';
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
}

/** Looks at every row against the data. Throws `UserError` for the first that does not fit, naming it. */
export async function planAblation({ rows, split }: Pick<AblationPlan, 'rows' | 'split'>, data: string): Promise<RowCost[]> {
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
  for (const { name, recipe } of rows) {
    // A missing file is better found now than when its row's turn comes.
    if (recipe.init !== undefined && !existsSync(recipe.init)) throw new UserError('no-init', `row ${name}: init ${recipe.init}: there is no such file or run`);
    const chosen = await chooseRows(recipe, data);
    const { image, labelNames } = chosen.train;
    const plan = planNetwork(recipe, [image.channels, image.height, image.width], labelNames);
    const { params, flops } = describePlan(plan);
    const counts = { train: chosen.trainRows.length, validation: chosen.validationRows.length, unlabelled: chosen.unlabelledRows.length };
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
