import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { encodeModel, tensor } from '@mien/onnx';
import { createSession } from '@mien/onnx/node';
import { expect, test } from 'vitest';
import { landmarkGraph } from '../build/landmark-graph.ts';
import { readFaceApiWeights } from '../build/face-api-weights.ts';
import { cropSquare, ferCrop } from '../crop-geometry.ts';
import type { Image } from '../image.ts';
import { decodeImage } from '../node/decode-image.ts';
import { defaultDetector } from '../node/default-detector.ts';
import { defaultLandmarks, landmarksPath } from '../node/default-landmarks.ts';
import { eyeRoll } from './eye-roll.ts';
import { centreOf, mirrorFace } from './face-points.ts';
import { loadLandmarks } from './landmark-finder.ts';

const faceApi = dirname(createRequire(import.meta.url).resolve('@vladmandic/face-api/package.json'));
const part = (name: string): string => join(faceApi, 'model', `face_landmark_68_model${name}`);

test('the graph computes what face-api computes with TensorFlow.js on the same 112×112 input', async () => {
  const weights = readFaceApiWeights(JSON.parse(readFileSync(part('-weights_manifest.json'), 'utf8')), readFileSync(part('.bin')));
  const n = 112;
  const input = new Float32Array(3 * n * n);
  for (let c = 0; c < 3; c++) {
    for (let y = 0; y < n; y++) for (let x = 0; x < n; x++) input[(c * n + y) * n + x] = 127.5 + 100 * Math.sin(x / (7 + c) + y / 11) * Math.cos(y / (13 - c));
  }
  const session = await createSession(encodeModel(landmarkGraph(weights)), { threads: 1 });
  const { points } = await session.run({ image: tensor.float32(input, [1, 3, n, n]) });
  await session.release();
  expect(points!.shape).toEqual([1, 68, 2]);
  // Point, x, y: FaceLandmark68Net.forwardInput of face-api 1.7.15 on the TF.js CPU backend.
  const reference = [
    [0, 0.382231, 0.536238],
    [8, 0.595751, 0.571215],
    [16, 0.527813, 0.299593],
    [21, 0.386809, 0.574063],
    [30, 0.366218, 0.566346],
    [36, 0.400275, 0.633205],
    [45, 0.412923, 0.421512],
    [48, 0.399187, 0.55458],
    [57, 0.4753, 0.548633],
    [67, 0.450531, 0.559581],
  ] as const;
  const values = points!.data as Float32Array;
  for (const [point, x, y] of reference) {
    expect(Math.abs(values[2 * point]! - x)).toBeLessThan(1e-5);
    expect(Math.abs(values[2 * point + 1]! - y)).toBeLessThan(1e-5);
  }
  expect(() => landmarkGraph({})).toThrow(/dense0\/conv0\/filters/);
});

test('refuses other files', async () => {
  const model = encodeModel({
    irVersion: 8,
    opsets: { '': 17 },
    producer: 'x',
    graphName: 'x',
    nodes: [],
    initializers: {},
    inputs: [],
    outputs: [],
    metadata: {},
  });
  await expect(loadLandmarks({ model, createSession, file: 'x.onnx' })).rejects.toMatchObject({ code: 'bad-landmarks' });
  await expect(loadLandmarks({ model: new Uint8Array(3), createSession })).rejects.toMatchObject({ code: 'bad-landmarks' });
});

/** The picture mirrored left and right. */
function mirrored({ width, height, channels, data }: Image): Image {
  const out = new Uint8Array(data.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) for (let c = 0; c < channels; c++) out[(y * width + x) * channels + c] = data[(y * width + width - 1 - x) * channels + c]!;
  }
  return { width, height, channels, data: out };
}

test.skipIf(!existsSync(landmarksPath))('finds eyes above nose above mouth on photographs, the same ones in the mirror, in pixels of the picture', async () => {
  const [detector, finder] = await Promise.all([defaultDetector({ threads: 1 }), defaultLandmarks({ threads: 1 })]);
  const image = await decodeImage(join(faceApi, 'demo/sample4.jpg'));
  const squares = (await detector.detect(image)).map(({ box }) => cropSquare(box, ferCrop));
  expect(squares.length).toBeGreaterThan(1);
  const faces = await finder.find(image, squares);
  const twins = await finder.find(
    mirrored(image),
    squares.map((square) => ({ ...square, x: image.width - square.x - square.width })),
  );
  for (const [i, points] of faces.entries()) {
    const { x, y, width } = squares[i]!;
    const [eyes, nose, mouth] = [centreOf(points, 'leftEye'), centreOf(points, 'nose'), centreOf(points, 'mouth')];
    expect(eyes[1]).toBeLessThan(nose[1]);
    expect(nose[1]).toBeLessThan(mouth[1]);
    expect(nose[0]).toBeGreaterThan(x + 0.25 * width);
    expect(nose[0]).toBeLessThan(x + 0.75 * width);
    expect(mouth[1]).toBeLessThan(y + width);
    expect(Math.abs(eyeRoll(points, width)!)).toBeLessThan(0.5);
    const back = mirrorFace(twins[i]!, image.width);
    const errors = Array.from({ length: 68 }, (_, p) => Math.hypot(back[2 * p]! - points[2 * p]!, back[2 * p + 1]! - points[2 * p + 1]!) / width);
    expect(errors.reduce((sum, e) => sum + e, 0) / 68).toBeLessThan(0.05);
  }
  expect(await finder.find(image, [])).toEqual([]);
  const again = await finder.find(
    squares.map(() => image),
    squares,
  );
  for (const [i, points] of again.entries()) expect(points).toEqual(faces[i]);
  await Promise.all([detector.release(), finder.release()]);
});
