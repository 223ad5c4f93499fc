import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { decodeModel } from '@mien/onnx';
import { createSession } from '@mien/onnx/node';
import { defaultModelName, releasedModelsUrl } from '@mien/released-models';
import { loadRecogniser, readCard } from '@mien/runtime';
import { expect, test } from 'vitest';
import { findHead } from '../model/tap-model.ts';
import { makePersonalModel } from './personal-model.ts';
import { splitRecordings } from './train-head.ts';

const bytes = new Uint8Array(readFileSync(fileURLToPath(new URL(`${defaultModelName}.onnx`, releasedModelsUrl))));
const card = readCard(bytes);
const network = decodeModel(bytes);
const head = findHead(network, card.output.name)!;

/** In −1…1, as good as chance, the same each time. */
function noise(a: number, b: number, c: number): number {
  const v = Math.sin(a * 12.9898 + b * 78.233 + c * 37.719) * 43758.5453;
  return 2 * (v - Math.floor(v)) - 1;
}

/** Frames around a point of its own for each class. */
function cloud(seed: number, frames: number, spread: number): Float32Array[] {
  return Array.from({ length: frames }, (_, i) =>
    Float32Array.from({ length: head.features }, (_, d) => 1 + noise(seed, d, 0) + spread * noise(seed, d, i + 1)),
  );
}

test('classes of one’s own: a file that tells them apart, with an honest card', async () => {
  const recordings = new Map([
    ['thinking', cloud(1, 40, 0.5)],
    ['laughing', cloud(2, 20, 0.5)],
    ['yawning', cloud(3, 60, 0.5)],
  ]);
  const progress: number[] = [];
  const result = await makePersonalModel({ name: 'mine', card, network, recordings, createSession, onProgress: (done) => progress.push(done) });
  expect(result).toMatchObject({ trainedOn: 28 + 14 + 42, heldOut: 12 + 6 + 18, before: Number.NaN, after: 1 });
  expect(result.confusion).toEqual([
    [12, 0, 0],
    [0, 6, 0],
    [0, 0, 18],
  ]);
  expect(progress.at(-1)).toBe(progress.length);
  const saved = readCard(result.model);
  expect(saved).toMatchObject({ name: 'mine', labels: ['thinking', 'laughing', 'yawning'] });
  expect(saved.figures).toHaveLength(1);
  expect(saved.limits.join()).toContain('one person');
  const recogniser = await loadRecogniser({ model: result.model, createSession, threads: 1 });
  const picture = { width: 48, height: 48, channels: 1 as const, data: new Uint8Array(48 * 48).fill(90) };
  const [recognised] = await recogniser.recognise(picture, 'whole');
  expect(Object.keys(recognised!.probabilities)).toEqual(saved.labels);
  await recogniser.release();
});

test('the model’s own classes: all its labels stay, and it is compared with what it was', async () => {
  const recordings = new Map([
    ['neutral', cloud(1, 20, 0.5)],
    ['angry', cloud(2, 20, 0.5)],
  ]);
  const result = await makePersonalModel({ name: 'mine', card, network, recordings, createSession });
  expect(result.card.labels).toEqual(card.labels);
  expect(result.before).toBeGreaterThanOrEqual(0);
  expect(result.after).toBe(1);
  const again = await makePersonalModel({ name: 'mine', card, network, recordings, createSession });
  expect(Buffer.compare(again.model, result.model)).toBe(0);
});

test('the card keeps what the layers below have seen, and says nothing of a temperature that is gone', async () => {
  const rows = (split: string) => [{ source: 'faces', split, rows: '0-9' }];
  const seen = { startedFrom: 'other weights (MIT)', learntRows: rows('train'), chosenRows: rows('public') };
  const grown = { ...card, output: { ...card.output, fittedOn: rows('public') }, training: { ...card.training, ...seen } };
  const recordings = new Map([
    ['neutral', cloud(1, 10, 0.5)],
    ['angry', cloud(2, 10, 0.5)],
  ]);
  const { model } = await makePersonalModel({ name: 'mine', card: grown, network, recordings, createSession });
  const saved = readCard(model);
  expect(saved.training).toMatchObject(seen);
  expect(saved.output).toEqual({ name: card.output.name, temperature: 1 });
});

test('too little to learn from is told; the end of each recording is held out', () => {
  const frames = cloud(1, 10, 1);
  expect(() => splitRecordings(new Map([['one', frames]]))).toThrow(expect.objectContaining({ code: 'too-few-recordings' }));
  expect(() =>
    splitRecordings(
      new Map([
        ['one', frames],
        ['two', frames.slice(1)],
      ]),
    ),
  ).toThrow(/9 frames of two/);
  const { train, heldOut } = splitRecordings(
    new Map([
      ['one', frames],
      ['two', frames],
    ]),
  );
  expect(train.filter(({ label }) => label === 'two').map(({ features }) => features)).toEqual(frames.slice(0, 7));
  expect(heldOut).toHaveLength(6);
});
