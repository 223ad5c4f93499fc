import { expressions } from '@mien/runtime';
import { expect, it } from 'vitest';
import { planNetwork } from './network-plan.ts';
import { loadRecipe } from './recipe.ts';
import { singleCell } from './single-cell.ts';

it.each([
  ['resnet18-patch-attention', 'input=[3,96,96]', 'attention, cbam'],
  ['resnet18-patch-attention', 'input=[3,132,132]', undefined],
  ['vgg16-cbam-budget', 'input=[3,48,48]', 'cbam.spatial'],
  ['vgg16-cbam-budget', 'input=[3,64,64]', undefined],
])('%s with %s: %s', (name, set, told) => {
  const notice = singleCell(planNetwork(loadRecipe(name, [set]), [1, 48, 48], expressions));
  if (told === undefined) expect(notice).toBeUndefined();
  else expect(notice).toMatch(new RegExp(`^${told.split(',')[0]}.*: of \\d+×\\d+ pixels one cell is left here`));
});
