/** Trainings with facial landmarks. The package is imported by name: its worker runs compiled JavaScript. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findLandmarks, openStore, randomFor, splitLandmarks } from '@mien/data';
import { evaluateSplit, predictSplit } from '@mien/evaluation';
import { createSession } from '@mien/onnx/node';
import { type Image, type LandmarkFinder, landmarkFeatureCount, landmarkKind, loadRecogniser, readCard, writeLandmarkFeatures } from '@mien/runtime';
import { checkRecipe, estimateTraining, type Recipe, type RecipeInput, runFolder, type TrainEvent, train } from '@mien/training';
import { expect, it } from 'vitest';
import { temporaryDir, writeTinyStore } from '../test/tiny-store.ts';
import { TrainingBatches } from './batches.ts';

/** Points that depend on the picture alone: two eyes on a tilted line, the rest anywhere. */
const finder: LandmarkFinder = {
  kind: landmarkKind,
  find: async (images, squares) =>
    squares.map((_, i) => {
      const { data } = 'width' in images ? images : images[i]!;
      const rng = randomFor(
        'points',
        [...data].reduce((sum, v, k) => (sum + v * k) % 65_521, 0),
      );
      const roll = 0.8 * (rng.next() - 0.5);
      return Float32Array.from({ length: 136 }, (_, k) => {
        const side = k >= 72 && k < 84 ? -1 : k >= 84 && k < 96 ? 1 : 0;
        return side === 0 ? 8 + 32 * rng.next() : k & 1 ? 18 + side * 10 * Math.sin(roll) : 24 + side * 10 * Math.cos(roll);
      });
    }),
  release: async () => {},
};

async function storeWithLandmarks(): Promise<string> {
  const dir = writeTinyStore(join(temporaryDir(), 'store'));
  await findLandmarks(dir, { finder });
  return dir;
}

const recipe = (changes: Partial<RecipeInput> = {}): Recipe =>
  checkRecipe(
    {
      name: 'tiny',
      model: 'mien-net',
      modelOptions: { widths: '16-16', depths: '1-1', stem: 16, landmarks: true },
      seed: 3,
      epochs: 1,
      batch: 8,
      align: 'eyes-level',
      data: { validation: { split: 'val' } },
      augmentation: [{ op: 'flip' }, { op: 'affine', rotateDeg: 10, shearDeg: 5 }],
      optimizer: { kind: 'adamw', learningRate: 0.01 },
      ...changes,
    },
    'test',
  );

it('a model learns from level pixels and landmarks, says so in its card, and gives the same logits from a store as from pictures', async () => {
  const data = await storeWithLandmarks();
  const out = join(temporaryDir(), 'run');
  const events: TrainEvent[] = [];
  expect(await train({ recipe: recipe(), data, out, threads: 1, thread: 'caller', onEvent: (event) => events.push(event) })).toBe(true);
  const model = new Uint8Array(readFileSync(runFolder(out).model));
  const card = readCard(model);
  expect(card.landmarks).toEqual({ name: 'landmarks', kind: landmarkKind, features: landmarkFeatureCount });
  expect(card.preprocessing.crop.align).toBe('eyes-level');
  const store = await openStore(data);
  const split = await store.split('val');
  const options = { model, file: 'm', createSession, split, threads: 1 };
  const { accuracy } = await evaluateSplit(options);
  expect(events.find((event) => event.type === 'epoch')?.validation.accuracy).toBe(accuracy);

  const { logits } = await predictSplit(options);
  const recogniser = await loadRecogniser({ model, createSession, threads: 1, landmarks: async () => finder });
  const pixels = await split.readImages(0, split.count);
  for (let row = 0; row < split.count; row++) {
    const picture: Image = { width: 48, height: 48, channels: 1, data: pixels.subarray(row * 2304, (row + 1) * 2304) };
    const [face] = await recogniser.recognise(picture, 'whole');
    for (const [k, value] of face!.logits.entries()) expect(Math.abs(value - logits[row * 7 + k]!)).toBeLessThan(0.01);
  }
  await recogniser.release();
  // Averaging with the mirror image mirrors the points too.
  expect((await predictSplit({ ...options, flip: true })).logits).not.toEqual(logits);
  await expect(predictSplit({ ...options, alter: () => {} })).rejects.toMatchObject({ code: 'needs-landmarks' });
  await store.close();
}, 120_000);

it('points are augmented with the draws that augment their image', async () => {
  const data = await storeWithLandmarks();
  const store = await openStore(data);
  const split = await store.split('train');
  const landmarks = await splitLandmarks(split, 'a test');
  const rows = Uint32Array.from({ length: 32 }, (_, i) => i);
  const geometry = { channels: 1, height: 48, width: 48, outHeight: 44, outWidth: 44 };
  const batchesOf = (augmentation: Recipe['stages'][number]['augmentation']) =>
    new TrainingBatches({ split, rows, seed: 1, stage: { batch: 8, augmentation }, geometry, landmarks });
  const featuresOf = (batches: TrainingBatches): Float32Array => {
    const out = new Float32Array(8 * landmarkFeatureCount);
    batches.fillLandmarks(0, 1, out);
    return out;
  };
  const plain = batchesOf([]);
  const features = featuresOf(plain);
  for (const [i, row] of plain.rowsOf(0, 1).entries()) {
    const expected = writeLandmarkFeatures(landmarks.points.subarray(136 * row, 136 * (row + 1)));
    for (const [k, value] of expected.entries()) expect(features[i * landmarkFeatureCount + k]).toBeCloseTo(value, 3);
  }
  const flipped = batchesOf([{ op: 'flip', probability: 0.5 }]);
  const [images, still] = [new Float32Array(8 * 44 * 44), new Float32Array(8 * 44 * 44)];
  await flipped.fillImages(0, 1, images);
  const before = featuresOf(flipped);
  await plain.fillImages(0, 1, still);
  let flips = 0;
  const equal = (a: Float32Array, b: Float32Array, size: number, i: number): boolean =>
    a.subarray(i * size, (i + 1) * size).every((value, k) => Math.abs(value - b[i * size + k]!) < 1e-3);
  for (let i = 0; i < 8; i++) {
    const sameImage = equal(images, still, 44 * 44, i);
    const samePoints = equal(before, features, landmarkFeatureCount, i);
    expect(samePoints).toBe(sameImage);
    if (!sameImage) flips++;
  }
  expect(flips).toBeGreaterThan(0);
  expect(flips).toBeLessThan(8);
  await store.close();
}, 60_000);

it('says what is missing or does not go together, before the first step', async () => {
  const bare = writeTinyStore(join(temporaryDir(), 'bare'));
  await expect(estimateTraining({ recipe: recipe(), data: bare, threads: 1 })).rejects.toMatchObject({ code: 'no-landmarks' });
  const data = await storeWithLandmarks();
  await expect(estimateTraining({ recipe: recipe({ mix: { mixup: 0.2 } }), data, threads: 1 })).rejects.toThrow('leave mix out');
  expect((await estimateTraining({ recipe: recipe(), data, threads: 1 })).stages).toHaveLength(1);
}, 60_000);
