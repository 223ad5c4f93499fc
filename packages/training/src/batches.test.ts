import { join } from 'node:path';
import { openStore, type Split } from '@mien/data';
import { describe, expect, it, onTestFinished } from 'vitest';
import { temporaryDir, writeTinyStore } from '../test/tiny-store.ts';
import { balancedClassWeights, TrainingBatches } from './batches.ts';
import { checkRecipe, type RecipeInput } from './recipe.ts';

const geometry = { channels: 1, height: 48, width: 48, outHeight: 44, outWidth: 44 };
const classes = 7;
const batch = 8;

function recipe(changes: Partial<RecipeInput> = {}) {
  return checkRecipe(
    {
      name: 'r',
      model: 'mien-seresnet',
      epochs: 1,
      batch,
      optimizer: { kind: 'sgd', learningRate: 1 },
      normalise: { mean: 0.4, std: 0.2 },
      augmentation: [{ op: 'flip' }, { op: 'affine', rotateDeg: 10 }, { op: 'crop' }, { op: 'cutout' }],
      ...changes,
    },
    'r',
  );
}

async function tinySplit(rows = 30): Promise<Split> {
  const store = await openStore(writeTinyStore(join(temporaryDir(), 's'), { train: rows }));
  onTestFinished(() => store.close());
  return store.split('train');
}

const every = (n: number) => Uint32Array.from({ length: n }, (_, i) => i);
const memory = () => ({ images: new Float32Array(batch * 44 * 44), targets: new Float32Array(batch * classes) });

describe('TrainingBatches', () => {
  it('depends on seed, epoch and step alone: a fresh one asked for the middle gives the same', async () => {
    const split = await tinySplit();
    const [walked, jumped] = [memory(), memory()];
    const first = new TrainingBatches(split, every(30), recipe(), geometry, classes);
    for (let epoch = 0; epoch < 2; epoch++) for (let step = 0; step < 3; step++) await first.fill(epoch, step, walked);
    const labels = await new TrainingBatches(split, every(30), recipe(), geometry, classes).fill(1, 2, jumped);
    expect(jumped).toEqual(walked);
    expect(labels.length).toBe(batch);
    await new TrainingBatches(split, every(30), recipe({ seed: 2 }), geometry, classes).fill(1, 2, jumped);
    expect(jumped).not.toEqual(walked);
  });

  it('an epoch takes each row once, those beyond the last whole batch sit out; the next has another order', async () => {
    const batches = new TrainingBatches(
      await tinySplit(),
      Uint32Array.from(every(27), (i) => i + 3),
      recipe(),
      geometry,
      classes,
    );
    expect(batches.stepsPerEpoch).toBe(3);
    const orders = [0, 1].map((epoch) => [0, 1, 2].flatMap((step) => [...batches.rowsOf(epoch, step)]));
    for (const order of orders) {
      expect(new Set(order).size).toBe(24);
      for (const row of order) expect(row >= 3 && row < 30).toBe(true);
    }
    expect(orders[0]).not.toEqual(orders[1]);
  });

  it('without augmentation an image is its centre, normalised, and its target its label', async () => {
    const split = await tinySplit();
    const out = memory();
    const batches = new TrainingBatches(split, every(30), recipe({ augmentation: [] }), geometry, classes);
    const labels = await batches.fill(0, 1, out);
    const rows = batches.rowsOf(0, 1);
    for (const i of [0, 7]) {
      const pixels = await split.gatherImages([rows[i]!]);
      expect(labels[i]).toBe(split.labels[rows[i]!]);
      for (const [y, x] of [
        [0, 0],
        [13, 30],
        [43, 43],
      ] as const) {
        expect(out.images[(i * 44 + y) * 44 + x]).toBeCloseTo((pixels[(y + 2) * 48 + x + 2]! / 255 - 0.4) / 0.2, 5);
      }
      expect([...out.targets.subarray(i * classes, (i + 1) * classes)]).toEqual(Array.from({ length: classes }, (_, k) => (k === labels[i] ? 1 : 0)));
    }
  });

  it('targets smoothed and weighted: rows sum to the weight of their class', async () => {
    const split = await tinySplit(30); // 30 rows: classes 0 and 1 have 5, the others 4
    const out = memory();
    const labels = await new TrainingBatches(split, every(30), recipe({ loss: { labelSmoothing: 0.14, classWeights: 'balanced' } }), geometry, classes).fill(
      0,
      0,
      out,
    );
    for (let i = 0; i < batch; i++) {
      const row = out.targets.subarray(i * classes, (i + 1) * classes);
      const weight = 30 / (7 * (labels[i]! < 2 ? 5 : 4));
      expect(row.reduce((a, b) => a + b, 0)).toBeCloseTo(weight, 5);
      for (let k = 0; k < classes; k++) expect(row[k]).toBeCloseTo(weight * (0.02 + (k === labels[i] ? 0.86 : 0)), 5);
    }
  });
});

describe('balancedClassWeights', () => {
  it('is n / (K · n_class); absent classes weigh nothing, and the mean over rows is 1', () => {
    expect([...balancedClassWeights([0, 0, 0, 1], [0, 1, 2, 3], 2)]).toEqual([4 / 6, 2]);
    const weights = balancedClassWeights([0, 0, 2, 2, 2, 1], [0, 1, 2, 3, 4], 3);
    expect(weights[1]).toBe(0);
    expect(2 * weights[0]! + 3 * weights[2]!).toBeCloseTo(5);
  });
});
