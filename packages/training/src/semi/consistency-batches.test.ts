/** FixMatch's batches: what is fed, and that nothing but the believed class passes from the weak view into the gradient. */
import { describe, expect, it } from 'vitest';
import { temporaryDir, writeTinyStore } from '../../test/tiny-store.ts';
import { freshPosition } from '../checkpoint.ts';
import { openStage, openTraining } from '../open-training.ts';
import { checkRecipe } from '../recipe.ts';
import type { RecipeInput } from '../recipe-schema.ts';
import { type ConsistencyBatches, sureClass } from './consistency-batches.ts';

const N = 4;
const ratio = 2;
const M = ratio * N;
const K = 7;

const recipe = (consistency: RecipeInput['consistency'] = {}) =>
  checkRecipe(
    {
      name: 'tiny',
      model: 'mien-net-small',
      modelOptions: { widths: '16', depths: '1', stem: 16 },
      epochs: 1,
      batch: N,
      data: { labelled: 0.25, validation: { split: 'val' } },
      consistency: { ratio, threshold: 0, ...consistency },
      optimizer: { kind: 'sgd', learningRate: 0.02 },
    },
    'test',
  );

/** The first step of a training, its images and targets in place. */
async function firstStep(consistency?: RecipeInput['consistency']) {
  const data = writeTinyStore(`${temporaryDir()}/store`, { train: 84, val: 21 });
  const training = await openTraining({ recipe: recipe(consistency), data, threads: 1 });
  const stage = await openStage(training, training.recipe.stages[0]!, freshPosition());
  const { step } = stage.state;
  step.load(training.start);
  const batches = stage.batches as ConsistencyBatches;
  const fill = async (): Promise<void> => {
    await batches.fillImages(0, 0, step.images);
    for (const [name, head] of stage.heads) batches.fillTargets(0, 0, head, step.targetsOf(name));
    for (const mask of step.masks) mask.data.fill(1);
  };
  await fill();
  return { training, stage, step, batches, fill };
}

const rowsOf = (values: Float32Array, width: number): Float32Array[] =>
  Array.from({ length: values.length / width }, (_, i) => values.slice(i * width, (i + 1) * width));
const sum = (values: Iterable<number>): number => [...values].reduce((a, b) => a + b, 0);

describe('sureClass', () => {
  it('names the likeliest class from the threshold on, and none below it', () => {
    const logits = Float32Array.from([0, Math.log(3), 0, 9, 9, 9]); // probabilities 0.2, 0.6, 0.2
    expect(sureClass(logits, 0, 3, 0.59)).toBe(1);
    expect(sureClass(logits, 0, 3, 0.61)).toBe(-1);
    expect(sureClass(logits, 3, 3, 0.34)).toBe(-1);
    expect(sureClass(Float32Array.from([Number.NaN, 1]), 0, 2, 0)).toBe(-1);
  });
});

describe('a batch of FixMatch', () => {
  it('is N labelled images under their labels and M unlabelled ones under what the network believes, scaled to the two means', async () => {
    const { stage, step, batches } = await firstStep({ weight: 0.5 });
    const rows = rowsOf(step.targets, K);
    expect(rows).toHaveLength(N + M);
    const labels = batches.labelsOf(0, 0);
    for (const [i, row] of rows.slice(0, N).entries()) expect([row.indexOf(Math.max(...row)), sum(row)]).toEqual([labels[i], (N + M) / N]);
    for (const row of rows.slice(N)) {
      expect(row.filter((v) => v > 0)).toHaveLength(1);
      expect(sum(row)).toBeCloseTo((0.5 * (N + M)) / M);
    }
    expect(batches.acceptedShare).toBe(1);
    const images = rowsOf(step.images, step.images.length / (N + M));
    expect(new Set(images.map((image) => image.join())).size).toBe(N + M);
    await stage.release();
  });

  it('shows rows whose labels are hidden, never a labelled one', async () => {
    const { training, stage, batches } = await firstStep();
    const { trainRows, unlabelledRows, train } = training.rows;
    for (const row of batches.unlabelledRowsOf(0, 0))
      expect([unlabelledRows.includes(row), trainRows.includes(row), train.labels[row]]).toEqual([true, false, 255]);
    await stage.release();
  });

  it('teaches nothing below the threshold: the step is that of the labelled rows', async () => {
    const { stage, step, batches } = await firstStep({ threshold: 0.999999 });
    expect(batches.acceptedShare).toBe(0);
    expect(sum(step.targets.subarray(N * K))).toBe(0);
    expect(Number.isFinite(await step.run())).toBe(true);
    await stage.release();
  });
});

describe('the targets of unlabelled images', () => {
  it('are constants to the gradient: it agrees with finite differences of the loss with those targets held', async () => {
    const { stage, step } = await firstStep();
    await step.run();
    const { weights, gradients } = step.slots.find(({ name }) => name.startsWith('classifier') && name.endsWith('bias'))!;
    const expected = gradients.slice();
    const h = 0.02;
    for (let k = 0; k < K; k++) {
      const kept = weights[k]!;
      weights[k] = kept + h;
      const above = await step.run();
      weights[k] = kept - h;
      const below = await step.run();
      weights[k] = kept;
      expect((above - below) / (2 * h)).toBeCloseTo(expected[k]!, 3);
    }
    await stage.release();
  });

  it('carry the believed class and nothing else of the weak view: another weak view of the same belief gives the same gradient, bit for bit', async () => {
    const run = async (shift: number) => {
      const { stage, step } = await firstStep({ weak: shift === 0 ? [] : [{ op: 'brightness', range: [1 + shift, 1 + shift] }] });
      const targets = step.targets.slice();
      const loss = await step.run();
      const gradients = step.slots.map((slot) => slot.gradients.slice());
      await stage.release();
      return { targets, loss, gradients };
    };
    const [plain, brighter] = [await run(0), await run(1e-4)];
    expect(brighter.targets).toEqual(plain.targets);
    expect(brighter).toEqual(plain);
  });

  it('follow the weights of the very step', async () => {
    const { stage, step, fill } = await firstStep();
    const before = step.targets.slice();
    const { weights } = step.slots.find(({ name }) => name.startsWith('classifier') && name.endsWith('bias'))!;
    weights[5] = 50;
    await fill();
    for (const row of rowsOf(step.targets.subarray(N * K), K)) expect(row.indexOf(Math.max(...row))).toBe(5);
    expect(step.targets.subarray(0, N * K)).toEqual(before.subarray(0, N * K));
    await stage.release();
  });
});
