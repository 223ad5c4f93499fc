import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStore, type Store, StoreWriter } from '@mien/data';
import { encodeModel, tensor } from '@mien/onnx';
import { createSession } from '@mien/onnx/node';
import { cardKey, type ModelCard, preprocess, UserError } from '@mien/runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { evaluateSplit } from './evaluate.ts';
import { predictSplit } from './predict-split.ts';

const labels = ['dark', 'middle', 'bright'];
const rows = 11;
let dir: string;
let store: Store;

/** Grey rows: constant images of brightness 20, 40 … with labels in turn. */
const brightness = (row: number) => 20 * (row + 1);

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'mien-evaluation-test-'));
  const writer = new StoreWriter({
    out: join(dir, 'store'),
    name: 'made-up',
    form: 'test',
    file: 'none',
    image: { layout: 'fixed', channels: 1, height: 6, width: 6 },
    labels,
  });
  for (let row = 0; row < rows; row++) writer.append({ split: 'val', label: row % 3, image: new Uint8Array(36).fill(brightness(row)) });
  writer.append({ split: 'other', label: 0, image: new Uint8Array(36) });
  writer.finish();
  store = await openStore(join(dir, 'store'));
});
afterAll(async () => {
  await store.close();
  rmSync(dir, { recursive: true, force: true });
});

/** logits = (−m, 0.2 − |m|, m) · 10 for the mean m of the 4×4 centre, normalised by mean 0.5 and std 0.5. */
function model(of: readonly string[] = labels): Uint8Array {
  const card: ModelCard = {
    formatVersion: 1,
    name: 'test',
    architecture: 'mean',
    description: '',
    licence: 'MIT',
    labels: [...of],
    preprocessing: {
      input: { name: 'image', shape: [1, 4, 4] },
      color: 'gray',
      crop: { scale: 1, shift: [0, 0], align: 'none', square: true },
      resize: 'area-bilinear',
      resizeTo: [6, 6],
      mean: [0.5],
      std: [0.5],
    },
    output: { name: 'logits', temperature: 1 },
    training: { data: '', split: '', rows: 0, chosenOn: '', recipe: '', seed: 0, epochs: 0 },
    parameters: 0,
    flops: 0,
    figures: [],
    intendedUse: '',
    limits: [],
  };
  return encodeModel({
    irVersion: 9,
    opsets: { '': 20 },
    producer: 'test',
    graphName: 'g',
    nodes: [
      { opType: 'GlobalAveragePool', inputs: ['image'], outputs: ['pooled'] },
      { opType: 'Flatten', inputs: ['pooled'], outputs: ['m'] },
      { opType: 'Gemm', inputs: ['m', 'w', 'b'], outputs: ['logits'] },
    ],
    initializers: { w: tensor.float32(Float32Array.of(-10, 0, 10), [1, 3]), b: tensor.float32(Float32Array.of(0, 2, 0), [3]) },
    inputs: [{ name: 'image', dtype: 'float32', shape: ['N', 1, 4, 4] }],
    outputs: [{ name: 'logits', dtype: 'float32', shape: ['N', 3] }],
    metadata: { [cardKey]: JSON.stringify(card) },
  });
}

const meanOf = (row: number) => (brightness(row) / 255 - 0.5) / 0.5;

describe('predictSplit', () => {
  it.each([1, 4, 11, 64])('gives the logits of every row in order, batch %i', async (batch) => {
    const split = await store.split('val');
    const progress: number[] = [];
    const { logits } = await predictSplit({ model: model(), file: 'm', createSession, split, batch, threads: 1, onProgress: (done) => progress.push(done) });
    expect(logits.length).toBe(rows * 3);
    for (let row = 0; row < rows; row++) {
      for (const [k, value] of [-10 * meanOf(row), 2, 10 * meanOf(row)].entries()) expect(logits[row * 3 + k]).toBeCloseTo(value, 4);
    }
    expect(progress.at(-1)).toBe(rows);
  });

  it('takes chosen rows, in the order given and as often', async () => {
    const split = await store.split('val');
    for (const chosen of [[7, 0, 7, 10], Uint32Array.of(3, 2)]) {
      const { logits } = await predictSplit({ model: model(), file: 'm', createSession, split, rows: chosen, batch: 3, threads: 1 });
      expect([...chosen].map((_, i) => Math.round(logits[i * 3 + 2]! * 100))).toEqual([...chosen].map((row) => Math.round(meanOf(row) * 1000)));
    }
    expect((await predictSplit({ model: model(), file: 'm', createSession, split, rows: [], threads: 1 })).logits.length).toBe(0);
  });

  it('preprocesses as for a photograph', async () => {
    const input = preprocess({ width: 6, height: 6, channels: 1, data: new Uint8Array(36).fill(brightness(2)) }, 'whole', {
      input: { name: 'image', shape: [1, 4, 4] },
      color: 'gray',
      crop: { scale: 1, shift: [0, 0], align: 'none', square: true },
      resize: 'area-bilinear',
      resizeTo: [6, 6],
      mean: [0.5],
      std: [0.5],
    });
    expect(input[0]).toBeCloseTo(meanOf(2), 6);
  });

  it('names both lists when the labels are not the data’s', async () => {
    const split = await store.split('val');
    const call = predictSplit({ model: model(['bright', 'middle', 'dark']), file: 'm.onnx', createSession, split });
    await expect(call).rejects.toThrow('m.onnx: the model tells apart bright, middle, dark; the data is labelled dark, middle, bright');
    await expect(call).rejects.toBeInstanceOf(UserError);
  });

  it('stops when asked', async () => {
    const split = await store.split('val');
    await expect(predictSplit({ model: model(), file: 'm', createSession, split, signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
  });
});

describe('evaluateSplit', () => {
  it('counts every row', async () => {
    const split = await store.split('val');
    const e = await evaluateSplit({ model: model(), file: 'm', createSession, split, batch: 4, threads: 1 });
    const predicted = Array.from({ length: rows }, (_, row) => (10 * meanOf(row) > 2 ? 2 : -10 * meanOf(row) > 2 ? 0 : 1));
    expect(e.n).toBe(rows);
    expect(e.accuracy).toBeCloseTo(predicted.filter((p, row) => p === row % 3).length / rows);
    expect(e.split).toBe('val');
    expect(e.nll).toBeGreaterThan(0);
    for (const [row, p] of predicted.entries()) expect(e.confusion[row % 3]![p]).toBeGreaterThan(0);
  });

  it('of one row', async () => {
    const e = await evaluateSplit({ model: model(), file: 'm', createSession, split: await store.split('other'), threads: 1 });
    expect(e).toMatchObject({
      n: 1,
      accuracy: 1,
      macroF1: 1,
      confusion: [
        [1, 0, 0],
        [0, 0, 0],
        [0, 0, 0],
      ],
    });
  });
});
