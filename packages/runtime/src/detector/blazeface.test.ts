import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { encodeModel, tensor } from '@mien/onnx';
import { createSession } from '@mien/onnx/node';
import { expect, test } from 'vitest';
import { blazefaceGraph } from '../build/blazeface-graph.ts';
import { readTfGraph, type TfGraphFile } from '../build/tf-graph-model.ts';
import type { Image } from '../image.ts';
import { decodeImage } from '../node/decode-image.ts';
import { defaultDetector, lightDetector } from '../node/default-detector.ts';
import { type BlazefaceSpec, blendOverlapping, decodeBlazeface } from './blazeface-spec.ts';
import { canFollow } from './face-detector.ts';
import { loadDetector } from './load-detector.ts';
import { iou } from './non-maximum-suppression.ts';

const spec: BlazefaceSpec = {
  kind: 'blazeface',
  levels: [
    { stridePx: 16, anchors: 2 },
    { stridePx: 32, anchors: 6 },
  ],
};

test('decodes an anchor: box and points around its centre, in pixels of the input', () => {
  // 32×64: two rows of four cells with two anchors, then one row of two cells with six.
  const rows = 2 * 4 * 2 + 2 * 6;
  const scores = new Float32Array(2 * rows);
  const anchors = new Float32Array(2 * rows * 16);
  // The second input, level 16, row 1, column 2, anchor 1.
  const at = rows + (4 + 2) * 2 + 1;
  scores[at] = 0.9;
  anchors.set([3, -2, 20, 10, 1, 2, 0, 0, 0, 0, 0, 0, 0, 0, -5, 6], at * 16);
  expect(decodeBlazeface(scores, anchors, 0, 32, 64, 0.5, spec)).toEqual([]);
  const [face, ...rest] = decodeBlazeface(scores, anchors, 1, 32, 64, 0.5, spec);
  expect(rest).toEqual([]);
  expect(face!.score).toBeCloseTo(0.9, 6);
  expect(face!.box).toEqual({ x: 40 + 3 - 10, y: 24 - 2 - 5, width: 20, height: 10 });
  expect([face!.landmarks[0], face!.landmarks[5]]).toEqual([
    [41, 26],
    [35, 30],
  ]);
  expect(() => decodeBlazeface(scores.subarray(0, rows), anchors, 1, 32, 64, 0.5, spec)).toThrow(/64×32/);
});

test('boxes of one face become their mean, weighted by score', () => {
  const face = (x: number, score: number) => ({ box: { x, y: 0, width: 10, height: 10 }, score, landmarks: [[x, 0]] as const });
  const blended = blendOverlapping([face(0, 0.5), face(2, 1), face(50, 0.7)], 0.3);
  expect(blended.map(({ score }) => score)).toEqual([1, 0.7]);
  expect(blended[0]!.box.x).toBeCloseTo(4 / 3, 9);
  expect(blended[0]!.landmarks[0]![0]).toBeCloseTo(4 / 3, 9);
  expect(blended[1]!.box.x).toBeCloseTo(50, 9);
});

const require = createRequire(import.meta.url);
const humanMain = require.resolve('@vladmandic/human');
const humanDir = humanMain.slice(0, humanMain.lastIndexOf(join('@vladmandic', 'human')) + join('@vladmandic', 'human').length);
const faceApi = dirname(require.resolve('@vladmandic/face-api/package.json'));

test('the graph computes what TensorFlow.js computes from the original file', async () => {
  const file = JSON.parse(readFileSync(join(humanDir, 'models/blazeface.json'), 'utf8')) as TfGraphFile;
  const bytes = new Uint8Array(readFileSync(join(humanDir, 'models/blazeface.bin')));
  const session = await createSession(encodeModel(blazefaceGraph(readTfGraph(file, bytes))), { threads: 1 });
  const input = Float32Array.from({ length: 3 * 256 * 256 }, (_, i) => Math.sin(i * 0.37) * Math.cos(i * 0.011));
  const { scores, anchors } = await session.run({ input: tensor.float32(input, [1, 3, 256, 256]) });
  await session.release();
  expect(anchors!.shape).toEqual([1, 896, 16]);
  // Row, score, x, y, width, height: the graph model in @vladmandic/human 3.3.6 on the TF.js CPU backend of that package.
  const reference = [
    [0, 0.0000760373, -1.63049, -6.93536, 47.1864, 47.1871],
    [1, 0.0121773, -3.03868, -5.69109, 62.3603, 62.361],
    [137, 3.73752e-26, 2.69118, -3.29722, 43.0425, 43.0439],
    [300, 4.47832e-68, -3.43493, -2.38972, 17.543, 17.536],
    [511, 0.0374422, 4.05546, -0.705706, 48.7979, 48.7982],
    [512, 0.00776151, 20.3082, 14.5225, 88.9911, 88.9789],
    [612, 1.7684e-8, -1.74967, 1.88114, 89.4162, 88.6742],
    [895, 4.38477e-8, 4.9942, -2.1043, 61.259, 60.3062],
  ] as const;
  for (const [row, score, ...box] of reference) {
    expect((scores!.data as Float32Array)[row]).toBeCloseTo(score, 5);
    for (const [i, value] of box.entries()) expect((anchors!.data as Float32Array)[row * 16 + i]).toBeCloseTo(value, 2);
  }
});

const photograph = (name: string): Promise<Image> => decodeImage(join(faceApi, 'demo', name));
const built = existsSync(join(import.meta.dirname, '../../assets/face-detector-light.onnx'));

test.skipIf(!built)('finds the faces that the default detector finds, with like boxes, and follows them from boxes that are off', async () => {
  const [full, light] = await Promise.all([defaultDetector({ threads: 1 }), lightDetector({ threads: 1 })]);
  for (const name of ['sample1.jpg', 'sample4.jpg']) {
    const image = await photograph(name);
    const truth = await full.detect(image);
    const found = await light.detect(image);
    expect(found).toHaveLength(truth.length);
    for (const { box } of truth) expect(Math.max(...found.map((face) => iou(face.box, box)))).toBeGreaterThan(0.5);
    const moved = truth.map(({ box }) => ({ ...box, x: box.x + 0.1 * box.width, y: box.y - 0.1 * box.height }));
    const followed = await light.follow(image, moved);
    for (const [i, face] of followed.entries()) expect(iou(face!.box, truth[i]!.box)).toBeGreaterThan(0.5);
  }
  const wall: Image = { width: 320, height: 240, channels: 3, data: new Uint8Array(320 * 240 * 3).fill(120) };
  expect(await light.detect(wall)).toEqual([]);
  expect(await light.follow(wall, [{ x: 100, y: 80, width: 60, height: 60 }])).toEqual([undefined]);
  expect(await light.follow(wall, [])).toEqual([]);
  await Promise.all([full.release(), light.release()]);
});

test('is told from other files, and a damaged one is refused', async () => {
  const file = JSON.parse(readFileSync(join(humanDir, 'models/blazeface.json'), 'utf8')) as TfGraphFile;
  const bytes = new Uint8Array(readFileSync(join(humanDir, 'models/blazeface.bin')));
  const graph = blazefaceGraph(readTfGraph(file, bytes));
  const detector = await loadDetector({ model: encodeModel(graph), createSession, session: { threads: 1 } });
  expect([detector.name, canFollow(detector)]).toEqual(['blazeface', true]);
  await detector.release();
  const damaged = encodeModel({ ...graph, metadata: { 'mien.detector': '{"kind":"blazeface"}' } });
  await expect(loadDetector({ model: damaged, createSession, file: 'x.onnx' })).rejects.toMatchObject({ code: 'bad-detector' });
  expect(() => readTfGraph(file, bytes.subarray(0, -4))).toThrow(RangeError);
  expect(() => readTfGraph(file, new Uint8Array([...bytes, 0]))).toThrow(/manifest describes/);
});
