/** What is likely not meant in a recipe that could run: told before its first step, a line each. */
import type { InitReport } from './initial-weights.ts';
import type { NetworkPlan } from './network-plan.ts';
import type { Recipe } from './recipe-schema.ts';
import { singleCell } from './single-cell.ts';
import { shrinkingGates } from './shrinking-gates.ts';
import { unsaidOrigin } from './unsaid-origin.ts';
import { untrainedFrozen } from './untrained-frozen.ts';

/** `init`: what a file of weights gave. */
export function noticesOf(recipe: Recipe, plan: NetworkPlan, init: InitReport | undefined): string[] {
  return [untrainedFrozen(recipe, plan, init), unsaidOrigin(init), singleCell(plan), shrinkingGates(plan)].filter((notice) => notice !== undefined);
}
