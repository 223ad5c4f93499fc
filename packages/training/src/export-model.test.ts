/** What a card says of the models that a training grew out of. */
import { expressions } from '@mien/runtime';
import { expect, it } from 'vitest';
import { tinyRecipe } from '../test/tiny-model.ts';
import { type ExportContext, makeCard } from './export-model.ts';
import { planNetwork } from './network-plan.ts';
import { checkRecipe } from './recipe.ts';

it('names the rows that its first weights and its teachers have learnt beside its own, each set once', () => {
  const set = (split: string) => ({ source: 'faces', split, rows: '0-9' });
  const recipe = checkRecipe({ ...tinyRecipe, epochs: 1, optimizer: { kind: 'sgd', learningRate: 0.01 } }, 'tiny');
  const context: ExportContext = {
    recipe,
    plan: planNetwork(recipe, [1, 48, 48], expressions),
    labels: expressions,
    dataName: 'faces',
    rows: 10,
    epochs: 1,
    figures: [],
    learnt: [set('train')],
    chosen: [set('val')],
    startedFrom: { name: 'before', learntRows: [set('train'), set('extra')], chosenRows: [set('public')] },
    teachers: [{ name: 'teacher', learntRows: [set('more')] }],
  };
  expect(makeCard(context).training).toMatchObject({ learntRows: [set('train'), set('extra'), set('more')], chosenRows: [set('val'), set('public')] });
});
