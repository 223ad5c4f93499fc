/** What comes with Mien holds its promises of cost, by its operations on FER2013. */
import { expressions } from '@mien/runtime';
import { describe, expect, it } from 'vitest';
import { planNetwork } from '../network-plan.ts';
import { loadRecipe, recipeNames } from '../recipe.ts';
import type { Recipe } from '../recipe-schema.ts';
import { trainingFlops } from '../training-cost.ts';
import { ablationNames, loadAblation } from './ablation-plan.ts';
import { runsOf } from './lay-out-ablation.ts';

/** Operations on FER2013's 28,709 training rows, or on what a recipe leaves of them. */
function flopsOf(recipe: Recipe): number {
  const { validation, fraction, labelled = 1 } = recipe.data;
  const known = labelled * 28709;
  const heldOut = 'fraction' in validation ? validation.fraction * known : 0;
  const counts = {
    train: Math.round((known - heldOut) * fraction),
    validation: Math.round('split' in validation ? 3589 : heldOut),
    unlabelled: Math.round(28709 - known),
  };
  return trainingFlops(recipe, planNetwork(recipe, [1, 48, 48], expressions), counts);
}

const hoursOf = (name: string, gflopsPerSecond: number): number => {
  const runs = runsOf(loadAblation(name), '').filter(({ sameAs }) => !sameAs);
  return runs.reduce((sum, { recipe }) => sum + flopsOf(recipe), 0) / (gflopsPerSecond * 1e9) / 3600;
};

/** Those that learn from rows without labels are compared by an ablation of their own. */
const learnsUnlabelled = (name: string): boolean => loadRecipe(name).data.labelled !== undefined;

const full = recipeNames().filter((name) => !name.endsWith('-budget'));

describe('budget forms', () => {
  it.each(full)('%s has one of at most 20 minutes at 80 GFLOP/s', (name) => {
    expect(recipeNames()).toContain(`${name}-budget`);
    expect(flopsOf(loadRecipe(`${name}-budget`)) / 80e9 / 60).toBeLessThan(20);
  });

  it('are all rows of one ablation, measured on rows that chose no epoch', () => {
    const { rows, split } = loadAblation('budget');
    expect(rows.map(({ name }) => name).sort()).toEqual(full.filter((name) => !learnsUnlabelled(name)).sort());
    expect(split).toBe('public');
    for (const { recipe } of rows) expect(recipe.data.validation).toEqual({ fraction: 0.1 });
  });
});

describe('the ablations that come with Mien', () => {
  it.each(ablationNames())('%s: every row fits its network', (name) => {
    for (const { recipe } of loadAblation(name).rows) expect(planNetwork(recipe, [1, 48, 48], expressions).heads.length).toBeGreaterThan(0);
  });

  it('keep within three hours on two cores', () => {
    expect(hoursOf('attention', 100)).toBeLessThan(3);
    expect(hoursOf('system-b-budget', 80)).toBeLessThan(3);
    expect(60 * hoursOf('landmarks', 80)).toBeLessThan(45);
  });

  it('of rows without labels and of cleaning keep within three quarters of an hour', () => {
    expect(60 * hoursOf('label-efficiency', 80)).toBeLessThan(45);
    expect(60 * hoursOf('cleaning', 80)).toBeLessThan(45);
  });

  it('compare at equal steps: every row of label-efficiency and of cleaning makes as many updates of as many labelled images', () => {
    for (const name of ['label-efficiency', 'cleaning']) {
      const work = loadAblation(name).rows.map(({ recipe: { stages } }) => ({
        updates: stages.reduce((sum, { epochs, steps }) => sum + epochs * steps!, 0),
        batches: [...new Set(stages.map(({ batch, accumulate }) => batch * accumulate))],
      }));
      for (const each of work) expect(each).toEqual(work[0]);
    }
  });

  it('compare at equal budget: the attention rows differ in their network alone', () => {
    const { rows, seeds } = loadAblation('attention');
    expect(seeds.length).toBeGreaterThanOrEqual(3);
    const training = ({ name: _, model: __, modelOptions: ___, ...rest }: Recipe) => rest;
    for (const { recipe } of rows) expect(training(recipe)).toEqual(training(rows[0]!.recipe));
  });

  it('of system B have its eight rows, each of which says what it was trained without', () => {
    for (const name of ['system-b', 'system-b-budget']) {
      const { rows } = loadAblation(name);
      expect(rows).toHaveLength(8);
      for (const { note, recipe } of rows.slice(1)) if (recipe.init === undefined) expect(note).toMatch(/from scratch/);
    }
  });
});
