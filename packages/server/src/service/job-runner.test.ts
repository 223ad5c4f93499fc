import { createSession } from '@mien/onnx/node';
import type { FaceDetector, Image } from '@mien/runtime';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { testCard, testModel } from '../../../runtime/src/test-model.ts';
import { JobRunner } from './job-runner.ts';
import { occlusionMap } from './occlusion-map.ts';
import type { ExplainJob, JobResults, RecogniseJob } from './worker-messages.ts';

// Bright faces are happy, dark ones sad.
const model = testModel([0, 0, 0, 4, -4, 0, 0], [-9, -9, -9, -2, 2, -9, -9]);
const box = { x: 10, y: 10, width: 20, height: 20 };
const detector: FaceDetector = {
  name: 'fixed',
  defaultThreshold: 0.5,
  detect: async (_image, options) => [{ box, score: options?.threshold ?? 0.5 }],
  release: async () => {},
};
const runs: number[] = [];
let runner: JobRunner;
let white: Uint8Array;
beforeAll(async () => {
  const setup = { threads: 1, largestBatch: 8, longestWaitMs: 20 };
  runner = await JobRunner.open({
    ...setup,
    models: [{ name: 'test', file: 'test.onnx', bytes: model }],
    detector,
    createSession,
    onRun: (faces) => runs.push(faces),
  });
  white = await sharp({ create: { width: 60, height: 40, channels: 3, background: '#fff' } })
    .png()
    .toBuffer();
});
afterAll(() => runner.release());

const job: RecogniseJob = { kind: 'recognise', model: 'test', picture: { bytes: new Uint8Array() }, detect: 'none', threshold: undefined, maxPixels: 1e6 };
const recognise = (changes: Partial<RecogniseJob>): Promise<JobResults['recognise']> => runner.run({ ...job, ...changes }) as Promise<JobResults['recognise']>;

test('a picture of bytes is decoded, its faces found or taken as they are', async () => {
  const whole = await recognise({ picture: { bytes: white } });
  expect(whole).toMatchObject({ width: 60, height: 40, faces: [{ expression: 'happy', detection: 1, box: { width: 60, height: 40 } }] });
  const found = await recognise({ picture: { bytes: white }, detect: 'faces', threshold: 0.7 });
  expect(found.faces).toEqual([{ box, detection: 0.7, expression: 'happy', probabilities: expect.any(Object) }]);
});

test('a model whose card says when it is not sure, says so of every face', async () => {
  const bytes = testModel([0, 0, 0, 4, -4, 0, 0], [-9, -9, -9, -2, 2, -9, -9], { ...testCard, abstain: { threshold: 0.9999 } });
  const careful = await JobRunner.open({
    threads: 1,
    largestBatch: 8,
    longestWaitMs: 20,
    models: [{ name: 'test', file: 'test.onnx', bytes }],
    detector,
    createSession,
  });
  const { faces } = (await careful.run({ ...job, picture: { bytes: white } })) as JobResults['recognise'];
  const [{ expression, probabilities, unsure }] = faces as [(typeof faces)[0]];
  expect(unsure).toBe(probabilities[expression]! < 0.9999);
  expect(unsure).toBe(true);
  await careful.release();
});

test('pixels are taken as they are', async () => {
  const image: Image = { width: 4, height: 4, channels: 3, data: new Uint8Array(48) };
  expect((await recognise({ picture: { image } })).faces[0]!.expression).toBe('sad');
});

test('pictures that come together go through the network together', async () => {
  runs.length = 0;
  const results = await Promise.all(Array.from({ length: 8 }, () => recognise({ picture: { bytes: white } })));
  expect(results.every(({ faces }) => faces[0]!.expression === 'happy')).toBe(true);
  expect(runs.reduce((a, b) => a + b)).toBe(8);
  expect(Math.max(...runs)).toBeGreaterThan(1);
});

test('too many pixels, damage and an unknown model are refused', async () => {
  await expect(recognise({ picture: { bytes: white }, maxPixels: 2399 })).rejects.toMatchObject({ code: 'image-too-large' });
  await expect(recognise({ picture: { bytes: white.subarray(0, 60) } })).rejects.toMatchObject({ code: 'unreadable-image' });
  await expect(recognise({ picture: { bytes: white }, model: '../other' })).rejects.toMatchObject({ code: 'no-such-model' });
});

const explain: ExplainJob = { ...job, kind: 'explain', face: 0, label: undefined, grid: 4 };

test('an explanation says what falls when parts are covered', async () => {
  // White on the left, black on the right: covering the left with the mean darkens it, covering the right brightens it.
  const halves = await sharp({ create: { width: 40, height: 40, channels: 3, background: '#000' } })
    .composite([{ input: { create: { width: 20, height: 40, channels: 3, background: '#fff' } }, left: 0, top: 0 }])
    .png()
    .toBuffer();
  const result = (await runner.run({ ...explain, label: 'happy', picture: { bytes: halves } })) as JobResults['explain'];
  expect(result).toMatchObject({ label: 'happy', grid: 4, crop: { x: 0, y: 0, width: 40, height: 40 } });
  expect(result.map.map((row) => row.map(Math.sign))).toEqual(Array.from({ length: 4 }, () => [1, expect.any(Number), expect.any(Number), -1]));
});

test('an unknown label or face is refused by name', async () => {
  await expect(runner.run({ ...explain, label: 'bored', picture: { bytes: white } })).rejects.toMatchObject({
    code: 'bad-request',
    message: expect.stringContaining('happy'),
  });
  await expect(runner.run({ ...explain, face: 1, picture: { bytes: white } })).rejects.toMatchObject({ code: 'no-face' });
});

test('the map is the mean fall over the covers of a cell, each of them a quarter', async () => {
  // p is the sum of the pixels over 255·16: covering 2×2 cells with the mean of an all-white crop with one black corner.
  const crop: Image = { width: 4, height: 4, channels: 1, data: Uint8Array.from({ length: 16 }, (_, i) => (i === 0 ? 0 : 255)) };
  const p = (image: Image): number => [...image.data].reduce((a, b) => a + b, 0) / (255 * 16);
  const map = await occlusionMap(crop, 'white', 4, async (image) => ({ expression: 'white', probabilities: { white: p(image) }, logits: new Float32Array(1) }));
  const mean = Math.round((255 * 15) / 16);
  const unit = 1 / (255 * 16);
  // The corner lies under covers of 1, 2, 2 and 4 pixels, each of which brightens it and darkens the other pixels.
  const falls = [1, 2, 2, 4].map((pixels) => unit * ((pixels - 1) * (255 - mean) - mean));
  expect(map[0]![0]).toBeCloseTo(falls.reduce((a, b) => a + b) / 4, 10);
  expect(map[3]![3]).toBeCloseTo((unit * (255 - mean) * (1 + 2 + 2 + 4)) / 4, 10);
});
