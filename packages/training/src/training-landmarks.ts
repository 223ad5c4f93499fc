/** Facial landmarks in a training: whether a recipe needs them, and what they cannot be combined with. */
import { type SplitLandmarks, splitLandmarks } from '@mien/data';
import { UserError } from '@mien/runtime';
import { describePlan, type NetworkPlan } from './network-plan.ts';
import type { Recipe } from './recipe-schema.ts';
import type { TrainingRows } from './rows.ts';

/**
 * The landmarks of the training split: for a network that reads them, for a recipe that turns faces, or undefined.
 * Throws `UserError` where the data has none, or a stage does what leaves no one face in an image.
 */
export async function openLandmarks(recipe: Recipe, plan: NetworkPlan, { train }: TrainingRows): Promise<SplitLandmarks | undefined> {
  const reads = describePlan(plan).secondInputs.length > 0;
  const aligns = recipe.align === 'eyes-level';
  if (!reads && !aligns) return undefined;
  const what = reads ? 'modelOptions.landmarks' : 'align';
  const fail = (why: string): UserError => new UserError('bad-recipe', `recipe ${recipe.name}: ${what} ${why}`);
  for (const stage of recipe.stages) {
    if (reads && stage.mix) throw fail('and mix cannot be used together: a mixed image shows two faces; leave mix out');
    if (stage.consistency) throw fail('cannot be used with consistency yet; leave one of them out');
  }
  const found = await splitLandmarks(train, reads ? `model ${recipe.model} with landmarks` : 'align: eyes-level');
  return aligns ? found : { ...found, rolls: new Float64Array(train.count) };
}
