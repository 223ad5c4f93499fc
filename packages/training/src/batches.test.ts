import { join } from 'node:path';
import { openStore, type Split } from '@mien/data';
import { describe, expect, it, onTestFinished } from 'vitest';
import { temporaryDir, writeTinyStore } from '../test/tiny-store.ts';
import { type BatchOptions, TrainingBatches } from './batches.ts';
import type { Stage } from './recipe-schema.ts';

const geometry = { channels: 1, height: 48, width: 48, outHeight: 44, outWidth: 44 };
const batch = 8;
const augmentation: Stage['augmentation'] = [
  { op: 'flip', probability: 0.5 },
  { op: 'crop', paddingPx: 0 },
  { op: 'cutout', probability: 0.5, holes: 1, size: 0.25, value: 0.5 },
];

async function tinySplit(rows = 30): Promise<Split> {
  const store = await openStore(writeTinyStore(join(temporaryDir(), 's'), { train: rows }));
  onTestFinished(() => store.close());
  return store.split('train');
}

const every = (n: number) => Uint32Array.from({ length: n }, (_, i) => i);
const memory = () => new Float32Array(batch * 44 * 44);

function batchesOf(split: Split, changes: Partial<BatchOptions> = {}): TrainingBatches {
  return new TrainingBatches({ split, rows: every(30), seed: 1, stage: { batch, augmentation }, geometry, ...changes });
}

describe('TrainingBatches', () => {
  it('depends on seed, epoch and step alone: a fresh one asked for the middle gives the same', async () => {
    const split = await tinySplit();
    const [walked, jumped] = [memory(), memory()];
    const first = batchesOf(split);
    for (let epoch = 0; epoch < 2; epoch++) for (let step = 0; step < 3; step++) await first.fillImages(epoch, step, walked);
    await batchesOf(split).fillImages(1, 2, jumped);
    expect(jumped).toEqual(walked);
    await batchesOf(split, { seed: 2 }).fillImages(1, 2, jumped);
    expect(jumped).not.toEqual(walked);
  });

  it('an epoch takes each row once, those beyond the last whole batch sit out; the next has another order', async () => {
    const batches = batchesOf(await tinySplit(), { rows: every(27).map((i) => i + 3) });
    expect(batches.stepsPerEpoch).toBe(3);
    const orders = [0, 1].map((epoch) => [0, 1, 2].flatMap((step) => [...batches.rowsOf(epoch, step)]));
    for (const order of orders) {
      expect(new Set(order).size).toBe(24);
      for (const row of order) expect(row >= 3 && row < 30).toBe(true);
    }
    expect(orders[0]).not.toEqual(orders[1]);
  });

  it('without augmentation an image is its centre in 0…1, and its label that of its row', async () => {
    const split = await tinySplit();
    const out = memory();
    const batches = batchesOf(split, { stage: { batch, augmentation: [] } });
    await batches.fillImages(0, 1, out);
    const rows = batches.rowsOf(0, 1);
    const labels = batches.labelsOf(0, 1);
    for (const i of [0, 7]) {
      const pixels = await split.gatherImages([rows[i]!]);
      expect(labels[i]).toBe(split.labels[rows[i]!]);
      for (const [y, x] of [
        [0, 0],
        [13, 30],
        [43, 43],
      ] as const) {
        expect(out[(i * 44 + y) * 44 + x]).toBeCloseTo(pixels[(y + 2) * 48 + x + 2]! / 255, 5);
      }
    }
  });

  it('targets are written row by row', async () => {
    const batches = batchesOf(await tinySplit());
    const out = new Float32Array(batch * 2);
    batches.fillTargets(0, 2, { classes: 2, write: (row, into, at) => into.set([row, -row], at) }, out);
    expect([...out]).toEqual([...batches.rowsOf(0, 2)].flatMap((row) => [row, -row]));
  });
});
