import { decodeModel, encodeModel, tensor } from '@mien/onnx';
import { createSession } from '@mien/onnx/node';
import { expect, test } from 'vitest';
import type { FaceDetector } from './detector/face-detector.ts';
import { cropSquare } from './crop-geometry.ts';
import { findExpressions, wholeExpression } from './find-expressions.ts';
import type { Image } from './image.ts';
import { expressions } from './labels.ts';
import type { LandmarkFinder } from './landmarks/landmark-finder.ts';
import { landmarkFeatureCount, writeLandmarkFeatures } from './landmarks/landmark-features.ts';
import { Preprocessor } from './preprocess.ts';
import { loadRecogniser } from './recogniser.ts';
import { softmax } from './softmax.ts';
import { testCard, testModel } from './test-model.ts';

// Bright faces are happy (index 3), dark ones sad (index 4).
const weights = [0, 0, 0, 4, -4, 0, 0];
const biases = [-9, -9, -9, -2, 2, -9, -9];
const model = testModel(weights, biases);

/** Left half black, right half white. */
const halves: Image = { width: 200, height: 100, channels: 1, data: Uint8Array.from({ length: 20000 }, (_, i) => (i % 200 < 100 ? 0 : 255)) };
const left = { x: 30, y: 30, width: 20, height: 20 };
const right = { x: 150, y: 30, width: 20, height: 20 };

test('probabilities are the softmax of logits over temperature, one for each label', async () => {
  const recogniser = await loadRecogniser({
    model: testModel(weights, biases, { ...testCard, output: { name: 'logits', temperature: 2 } }),
    createSession,
    threads: 1,
  });
  const [dark, bright] = await recogniser.recognise(halves, [left, right]);
  expect([dark!.expression, bright!.expression]).toEqual(['sad', 'happy']);
  expect(Object.keys(bright!.probabilities)).toEqual([...expressions]);
  expect([...bright!.logits]).toEqual(weights.map((w, i) => w + biases[i]!));
  const p = softmax(bright!.logits, 2);
  for (const [i, label] of expressions.entries()) expect(bright!.probabilities[label]).toBeCloseTo(p[i]!, 9);
  expect(Object.values(dark!.probabilities).reduce((a, b) => a + b)).toBeCloseTo(1, 9);
  await recogniser.release();
});

test('no face gives an empty list, more faces than one batch keep their order', async () => {
  const recogniser = await loadRecogniser({ model, createSession, threads: 1 });
  expect(await recogniser.recognise(halves, [])).toEqual([]);
  const many = await recogniser.recognise(
    halves,
    Array.from({ length: 71 }, (_, i) => (i % 3 ? left : right)),
  );
  expect(many.map((face) => face.expression)).toEqual(Array.from({ length: 71 }, (_, i) => (i % 3 ? 'sad' : 'happy')));
  await recogniser.release();
});

test('findExpressions gives faces from left to right, whatever their scores', async () => {
  const recogniser = await loadRecogniser({ model, createSession, threads: 1 });
  const detector: FaceDetector = {
    name: 'fixed',
    defaultThreshold: 0.5,
    detect: async () => [
      { box: right, score: 0.9 },
      { box: left, score: 0.6 },
    ],
    release: async () => {},
  };
  const faces = await findExpressions(halves, detector, recogniser);
  expect(faces.map(({ box, detection, expression }) => [box, detection, expression])).toEqual([
    [left, 0.6, 'sad'],
    [right, 0.9, 'happy'],
  ]);
  const whole = await wholeExpression({ ...halves, data: new Uint8Array(20000) }, recogniser);
  expect(whole).toMatchObject({ box: { x: 0, y: 0, width: 200, height: 100 }, detection: 1, expression: 'sad' });
  await recogniser.release();
});

test('softmax neither overflows nor loses small values, and sharpens with a low temperature', () => {
  expect([...softmax([1000, 1000])]).toEqual([0.5, 0.5]);
  expect(softmax([0, Math.log(3)])[1]).toBeCloseTo(0.75, 12);
  expect(softmax([0, 1], 0.1)[1]).toBeGreaterThan(softmax([0, 1])[1]!);
});

test.each([
  ['no-card', testModel(weights, biases, null), 'mien.card'],
  ['bad-card', testModel(weights, biases, '{'), 'not JSON'],
  [
    'bad-card',
    testModel(weights, biases, { ...testCard, preprocessing: { ...testCard.preprocessing, resizeTo: [1, 1] } }),
    'm.onnx: card field preprocessing: the network’s input is cut',
  ],
  ['bad-card', testModel(weights, biases, { ...testCard, preprocessing: { ...testCard.preprocessing, color: 'rgb' } }), 'color rgb needs 3 input channels'],
  ['bad-card', testModel(weights, biases, { ...testCard, labels: testCard.labels.with(1, testCard.labels[0]!) }), 'card field labels: names a label twice'],
  ['newer-card', testModel(weights, biases, { ...testCard, formatVersion: 99 }), 'format 99'],
  ['bad-model', new TextEncoder().encode('not a model'), 'm.onnx'],
  ['bad-model', testModel(weights, biases, { ...testCard, output: { name: 'scores', temperature: 1 } }), 'output scores'],
])('%s: a file that cannot be used says why', async (code, bytes, words) => {
  await expect(loadRecogniser({ model: bytes, createSession, file: 'm.onnx', threads: 1 })).rejects.toMatchObject({
    code,
    message: expect.stringContaining(words),
  });
});

test('a network that gives another number of values than its card names labels is told when run', async () => {
  const recogniser = await loadRecogniser({ model: testModel(weights.slice(1), biases.slice(1)), createSession, threads: 1 });
  await expect(recogniser.recognise(halves, 'whole')).rejects.toMatchObject({ code: 'bad-model', message: expect.stringContaining('7 labels') });
  await recogniser.release();
});

/** Eyes on a line turned by `roll` in each square, the other points on a circle. */
function fixedPoints(roll: number): LandmarkFinder & { released: number } {
  return {
    kind: 'fixed',
    released: 0,
    find: async (_, squares) =>
      squares.map(({ x, y, width }) =>
        Float32Array.from({ length: 136 }, (_, i) => {
          const p = i >> 1;
          const angle = p >= 36 && p < 42 ? roll + Math.PI : p >= 42 && p < 48 ? roll : p;
          return i & 1 ? y + width * (0.5 + 0.2 * Math.sin(angle)) : x + width * (0.5 + 0.2 * Math.cos(angle));
        }),
      ),
    async release() {
      this.released++;
    },
  };
}

/** Bright on the right of `left`'s square, where only a turned square's corner reaches. */
const spotted: Image = { width: 100, height: 100, channels: 1, data: Uint8Array.from({ length: 10000 }, (_, i) => (i % 100 > 52 ? 255 : 0)) };

test('a card that aligns turns each face until its eyes lie level, and says so where no landmarks are at hand', async () => {
  const card = { ...testCard, preprocessing: { ...testCard.preprocessing, crop: { ...testCard.preprocessing.crop, align: 'eyes-level' as const } } };
  const aligned = testModel(weights, biases, card);
  await expect(loadRecogniser({ model: aligned, createSession, file: 'a.onnx' })).rejects.toMatchObject({
    code: 'needs-landmarks',
    message: expect.stringContaining('a.onnx: the model turns faces'),
  });
  const points = fixedPoints(Math.PI / 4);
  const recogniser = await loadRecogniser({ model: aligned, createSession, threads: 1, landmarks: async () => points });
  const [face] = await recogniser.recognise(spotted, [left]);
  const square = cropSquare(left, card.preprocessing.crop);
  const input = new Preprocessor(card.preprocessing).write(spotted, { ...square, rollRad: Math.PI / 4 });
  const mean = input.reduce((sum, v) => sum + v, 0) / input.length;
  expect(mean).toBeGreaterThan(0.001);
  expect(face!.logits[3]).toBeCloseTo(weights[3]! * mean + biases[3]!, 4);
  await recogniser.release();
  expect(points.released).toBe(1);
});

test('a card with landmarks feeds the points of each face beside its pixels; others never open the landmark network', async () => {
  const plain = decodeModel(model);
  const vector = Float32Array.from({ length: landmarkFeatureCount * 7 }, (_, i) => Math.sin(i));
  const card = { ...testCard, landmarks: { name: 'landmarks', kind: 'face-api-68', features: landmarkFeatureCount } };
  const withPoints = encodeModel({
    ...plain,
    nodes: [
      ...plain.nodes.map((node) => (node.outputs[0] === 'logits' ? { ...node, outputs: ['of pixels'] } : node)),
      { opType: 'MatMul', inputs: ['landmarks', 'v'], outputs: ['of points'] },
      { opType: 'Add', inputs: ['of pixels', 'of points'], outputs: ['logits'] },
    ],
    initializers: { ...plain.initializers, v: tensor.float32(vector, [landmarkFeatureCount, 7]) },
    inputs: [...plain.inputs, { name: 'landmarks', dtype: 'float32', shape: ['N', landmarkFeatureCount] }],
    metadata: { 'mien.card': JSON.stringify(card) },
  });
  const points = fixedPoints(0.1);
  const recogniser = await loadRecogniser({ model: withPoints, createSession, threads: 1, landmarks: async () => points });
  const faces = await recogniser.recognise(halves, [right, left]);
  const boxes = [right, left];
  for (const [n, { logits }] of faces.entries()) {
    const features = writeLandmarkFeatures((await points.find(halves, [cropSquare(boxes[n]!, testCard.preprocessing.crop)]))[0]!);
    const added = features.reduce((sum, value, i) => sum + value * vector[i * 7 + 3]!, 0);
    expect(logits[3]).toBeCloseTo((n === 0 ? weights[3]! : 0) + biases[3]! + added, 3);
  }
  await recogniser.release();
  const never = async (): Promise<LandmarkFinder> => {
    throw new Error('opened');
  };
  await (await loadRecogniser({ model, createSession, threads: 1, landmarks: never })).release();
  const card2 = { 'mien.card': JSON.stringify(card) };
  const lacking = encodeModel({ ...plain, metadata: card2 });
  await expect(loadRecogniser({ model: lacking, createSession, landmarks: async () => points })).rejects.toMatchObject({ code: 'bad-model' });
});
