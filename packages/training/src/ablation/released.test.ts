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
  const { validation, fraction } = recipe.data;
  const heldOut = 'fraction' in validation ? validation.fraction * 28709 : 0;
  const counts = { train: Math.round((28709 - heldOut) * fraction), validation: Math.round('split' in validation ? 3589 : heldOut) };
  return trainingFlops(recipe, planNetwork(recipe, [1, 48, 48], expressions), counts);
}

const hoursOf = (name: string, gflopsPerSecond: number): number => {
  const runs = runsOf(loadAblation(name), '').filter(({ sameAs }) => !sameAs);
  return runs.reduce((sum, { recipe }) => sum + flopsOf(recipe), 0) / (gflopsPerSecond * 1e9) / 3600;
};

const full = recipeNames().filter((name) => !name.endsWith('-budget'));

describe('budget forms', () => {
  it.each(full)('%s has one of at most 20 minutes at 80 GFLOP/s', (name) => {
    expect(recipeNames()).toContain(`${name}-budget`);
    expect(flopsOf(loadRecipe(`${name}-budget`)) / 80e9 / 60).toBeLessThan(20);
  });

  it('are all rows of one ablation, measured on rows that chose no epoch', () => {
    const { rows, split } = loadAblation('budget');
    expect(rows.map(({ name }) => name).sort()).toEqual([...full].sort());
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
