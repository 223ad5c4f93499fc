/** What comes with Mien holds its promises of cost, by its operations on FER2013. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildNetwork } from '@mien/engine';
import { architectures } from '@mien/models';
import { expressions } from '@mien/runtime';
import { describe, expect, it } from 'vitest';
import { temporaryDir, writeTinyStore } from '../../test/tiny-store.ts';
import { checkStages } from '../check-stages.ts';
import { teacherFlops } from '../combine/teacher-panel.ts';
import { planNetwork } from '../network-plan.ts';
import { loadRecipe, recipeNames } from '../recipe.ts';
import type { Recipe } from '../recipe-schema.ts';
import { chooseRows } from '../rows.ts';
import { singleCell } from '../single-cell.ts';
import { slownessOf, trainingFlops, usualGflops } from '../training-cost.ts';
import { frozenIn } from '../weight-groups.ts';
import { ablationNames, loadAblation } from './ablation-plan.ts';
import { runsOf } from './lay-out-ablation.ts';
import { findPlace } from './write-results.ts';

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
  return trainingFlops(recipe, planNetwork(recipe, [1, 48, 48], expressions), counts, teacherFlops(recipe.distill?.teachers ?? []));
}

/** At the measured rate of its kind of network; only wide ones make more, which no budget form is. */
const minutesOf = (recipe: Recipe): number => (flopsOf(recipe) * slownessOf(planNetwork(recipe, [1, 48, 48], expressions))) / (usualGflops * 1e9) / 60;

const minutesOfAll = (name: string): number => {
  const runs = runsOf(loadAblation(name), '').filter(({ sameAs }) => !sameAs);
  return runs.reduce((sum, { recipe }) => sum + minutesOf(recipe), 0);
};

const full = recipeNames().filter((name) => !name.endsWith('-budget'));

describe('budget forms', () => {
  it.each(full)('%s has one of at most 20 minutes at the measured rate of its network', (name) => {
    expect(recipeNames()).toContain(`${name}-budget`);
    expect(minutesOf(loadRecipe(`${name}-budget`))).toBeLessThan(20);
  });

  it('are all rows of one ablation, measured on rows that chose no epoch', () => {
    const { rows, split } = loadAblation('budget');
    expect(rows.map(({ name }) => name).sort()).toEqual([...full].sort());
    expect(split).toBe('public');
    // Of a tenth of the labels, a fifth is held out: a tenth of them would be too few to choose by.
    for (const { recipe } of rows) expect(recipe.data.validation).toEqual({ fraction: recipe.data.labelled === undefined ? 0.1 : 0.2 });
  });
});

describe('the ablations that come with Mien', () => {
  it.each(ablationNames())('%s: every row fits its network', (name) => {
    for (const { recipe } of loadAblation(name).rows) expect(planNetwork(recipe, [1, 48, 48], expressions).heads.length).toBeGreaterThan(0);
  });

  it('leave every attention more than one cell to look at', () => {
    const recipes = [
      ...recipeNames().map((name) => loadRecipe(name)),
      ...ablationNames().flatMap((name) => loadAblation(name).rows.map(({ recipe }) => recipe)),
    ];
    for (const recipe of recipes) expect(singleCell(planNetwork(recipe, [1, 48, 48], expressions)), recipe.name).toBeUndefined();
  });

  it('keep within three hours on two cores', () => {
    expect(minutesOfAll('budget')).toBeLessThan(180);
    for (const name of ['attention', 'system-b-budget']) expect(minutesOfAll(name), name).toBeLessThan(120);
    for (const name of ['landmarks', 'label-efficiency', 'cleaning', 'imagenet-weights', 'networks']) expect(minutesOfAll(name), name).toBeLessThan(60);
  });

  it('for two cores have a place in docs/results.md', () => {
    const document = fileURLToPath(new URL('../../../../docs/results.md', import.meta.url));
    // At full size those of systems B and D take days, and no table of them is kept.
    const small = ablationNames().filter((name) => !['system-b', 'system-b-pretrained', 'system-d'].includes(name));
    for (const name of small) expect(() => findPlace(document, loadAblation(name).name)).not.toThrow();
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

  it('compare at equal budget: a network with and without ImageNet weights differs in nothing else', () => {
    const { rows, seeds } = loadAblation('imagenet-weights');
    expect(seeds.length).toBeGreaterThanOrEqual(3);
    const parts = rows.map(({ recipe: { init, name: _, ...rest } }) => ({ hasInit: init !== undefined, rest }));
    expect(parts.map(({ hasInit }) => hasInit)).toEqual([false, true, false, true]);
    for (const i of [0, 2]) expect(parts[i + 1]!.rest).toEqual(parts[i]!.rest);
  });

  it('every architecture is trained by a recipe or a row that stands in docs/results.md', () => {
    const small = ablationNames().filter((name) => !['system-b', 'system-b-pretrained', 'system-d'].includes(name));
    const trained = new Set(small.flatMap((name) => loadAblation(name).rows.map(({ recipe }) => recipe.model)));
    expect(architectures.map(({ name }) => name).filter((name) => !trained.has(name))).toEqual([]);
  });

  it('of system B have its eight rows, each of which says what it was trained without', () => {
    const names = loadAblation('system-b').rows.map(({ name }) => name);
    for (const name of ['system-b', 'system-b-budget', 'system-b-pretrained']) {
      const { rows } = loadAblation(name);
      expect(rows.map((row) => row.name)).toEqual(names);
      for (const { note, recipe } of rows.slice(1)) if (recipe.init === undefined) expect(note).toMatch(/from scratch/);
    }
  });

  it('of system B from pretrained weights train the head at 0.001, then a tenth of it at each step, in stages that fit every row', async () => {
    const data = writeTinyStore(join(temporaryDir(), 'store'), { train: 64, public: 14 });
    const { rows } = loadAblation('system-b-pretrained');
    for (const { name, recipe } of rows) {
      const plan = planNetwork(recipe, [1, 48, 48], expressions);
      const chosen = await chooseRows(recipe, data);
      expect(() => checkStages(recipe, plan, chosen), name).not.toThrow();
      const rates = recipe.stages.map(({ optimizer }) => optimizer.learningRate);
      expect(rates, name).toEqual(recipe.init === undefined ? [0.001] : [1e-3, 1e-4, 1e-5, 1e-6]);
      // Every stage trains what the one before did, and something more, but never all.
      const { specs } = buildNetwork(plan.network, plan.input, { mode: 'infer', batch: 1 });
      const names = specs.filter(({ kind }) => kind === 'trainable').map((spec) => spec.name);
      const learning = recipe.stages.map((stage) => names.filter((weight) => !frozenIn(stage)(weight)));
      for (const [i, now] of learning.entries()) {
        const before = learning[i - 1] ?? [];
        expect(now, name).toEqual(expect.arrayContaining(before));
        expect(now.length, name).toBeGreaterThan(before.length);
        if (recipe.init !== undefined) expect(now.length, name).toBeLessThan(names.length);
      }
    }
  });
});
