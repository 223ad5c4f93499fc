/** Whether a recipe can be trained on these rows: all that can be known before a network is compiled. */
import { buildNetwork } from '@mien/engine';
import { UserError } from '@mien/runtime';
import { headTargets, votesOf } from './heads.ts';
import { takeInit } from './initial-weights.ts';
import type { NetworkPlan } from './network-plan.ts';
import type { Recipe } from './recipe-schema.ts';
import type { TrainingRows } from './rows.ts';
import { checkSemi } from './semi/check-semi.ts';
import { openLandmarks } from './training-landmarks.ts';
import { checkWeightGroups } from './weight-groups.ts';

/** Throws `UserError` naming the stage: weights that are not there, nothing left to train, a batch larger than the rows. */
export function checkStages(recipe: Recipe, plan: NetworkPlan, chosen: TrainingRows): void {
  const rows = chosen.trainRows.length;
  const classes = chosen.train.labelNames.length;
  const { specs } = buildNetwork(plan.network, plan.input, { mode: 'infer', batch: 1 });
  const names = specs.filter((spec) => spec.kind === 'trainable').map((spec) => spec.name);
  const several = recipe.stages.length > 1;
  for (const [i, stage] of recipe.stages.entries()) {
    const where = several ? `recipe ${recipe.name}, stages.${i}` : `recipe ${recipe.name}`;
    checkWeightGroups(stage, names, where);
    checkSemi(recipe, i, chosen, where);
    if (rows < stage.batch * stage.accumulate) {
      const most = Math.max(1, Math.floor(rows / stage.accumulate));
      const accumulated = stage.accumulate > 1 ? ` times accumulate ${stage.accumulate}` : '';
      throw new UserError(
        'batch-too-large',
        `${where}: batch ${stage.batch}${accumulated} is larger than the ${rows} training rows; set a smaller one with --set ${several ? `stages.${i}.` : ''}batch=${most}`,
      );
    }
  }
  if (classes < 2) throw new UserError('one-class', `recipe ${recipe.name}: the data has labels of ${classes} class; two at least are needed`);
}

/** The same, and whether first weights fit and the data has the votes and landmarks that are asked for: for plans of many trainings. */
export async function checkOnData(recipe: Recipe, plan: NetworkPlan, rows: TrainingRows): Promise<void> {
  checkStages(recipe, plan, rows);
  const asksForVotes = recipe.heads.votes > 0 || recipe.stages.some(({ loss }) => loss.votesShare > 0);
  const votes = asksForVotes ? await votesOf(rows.train) : undefined;
  for (const { loss } of recipe.stages) headTargets({ heads: plan.heads, split: rows.train, rows: rows.trainRows, loss, votes });
  await openLandmarks(recipe, plan, rows);
  const { init } = recipe;
  if (!init) return;
  const { specs } = buildNetwork(plan.network, plan.input, { mode: 'infer', batch: 1 });
  takeInit(specs, plan.input[0], { ...recipe, init });
}
