import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { encodeModel, tensor } from '@mien/onnx';
import { createSession } from '@mien/onnx/node';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readFaceApiWeights } from '../build/face-api-weights.ts';
import type { Box } from '../image.ts';
import { decodeImage } from '../node/decode-image.ts';
import { openDetector } from '../node/default-detector.ts';
import type { FaceDetector } from './face-detector.ts';
import { loadDetector } from './load-detector.ts';
import type { QuantisedWeights } from './quantised-graph-writer.ts';
import { ssdMobilenetGraph } from './ssd-mobilenet-graph.ts';
import { detectorKey } from './detector-metadata.ts';
import { cellsOf, decodeSsd, ssdSpecSchema } from './ssd-spec.ts';

const source = dirname(createRequire(import.meta.url).resolve('@vladmandic/face-api/package.json'));
const manifest = JSON.parse(readFileSync(join(source, 'model/ssd_mobilenetv1_model-weights_manifest.json'), 'utf8'));
const binary = readFileSync(join(source, 'model/ssd_mobilenetv1_model.bin'));
const sample = (n: number): string => join(source, `demo/sample${n}.jpg`);

let weights: QuantisedWeights;
let model: Uint8Array;
let detector: FaceDetector;
beforeAll(async () => {
  weights = readFaceApiWeights(manifest, binary);
  model = encodeModel(ssdMobilenetGraph(weights));
  detector = await loadDetector({ model, createSession });
});
afterAll(() => detector.release());

/** How many of the true face centres are found, and how many boxes hold none of them. */
function score(boxes: readonly Box[], centres: readonly (readonly [number, number])[]): { found: number; wrong: number } {
  const holds = (b: Box, [x, y]: readonly [number, number]): boolean => x > b.x && x < b.x + b.width && y > b.y && y < b.y + b.height;
  return {
    found: centres.filter((c) => boxes.some((b) => holds(b, c))).length,
    wrong: boxes.length - boxes.filter((b) => centres.some((c) => holds(b, c))).length,
  };
}

test('the graph computes what face-api computes with TensorFlow.js on the same 512×512 input', async () => {
  const n = 512;
  const input = new Float32Array(3 * n * n);
  for (let c = 0; c < 3; c++) {
    for (let y = 0; y < n; y++)
      for (let x = 0; x < n; x++) input[(c * n + y) * n + x] = (127.5 + 100 * Math.sin(x / (7 + c) + y / 11) * Math.cos(y / (13 - c))) / 127.5 - 1;
  }
  const graph = ssdMobilenetGraph(weights);
  const session = await createSession(model);
  const { boxes, scores } = await session.run({ image: tensor.float32(input, [1, 3, n, n]) });
  await session.release();
  const spec = ssdSpecSchema.parse(JSON.parse(graph.metadata[detectorKey]!));
  const decoded = decodeSsd(boxes!.data as Float32Array, scores!.data as Float32Array, n, n, 0, spec);
  expect(decoded).toHaveLength(5118);
  // Row, score, x, y, width, height: SsdMobilenetv1.forwardInput of face-api 1.7.15 on the TF.js CPU backend.
  const reference = [
    [0, 0.0202012, 5.999, -4.147, 14.034, 23.796],
    [1000, 0.00453297, 154.191, 122.682, 117.303, 94.408],
    [3071, 0.00273605, 476.924, 437.919, 42.58, 122.906],
    [3072, 0.00236297, -50.741, -54.04, 128.041, 167.019],
    [4000, 0.00774988, 186.384, 226.339, 293.723, 148.931],
    [4608, 0.00500705, -61.116, -83.161, 216.268, 263.018],
    [5000, 0.00781925, -24.814, -64.775, 458.435, 286.383],
    [5117, 0.0288857, 121.253, -37.655, 332.77, 575.605],
  ] as const;
  for (const [row, probability, ...values] of reference) {
    const { box, score: got } = decoded[row]!;
    expect(Math.abs(got - probability)).toBeLessThan(2e-5);
    for (const [i, value] of [box.x, box.y, box.width, box.height].entries()) expect(Math.abs(value - values[i]!)).toBeLessThan(0.05);
  }
});

test('the weights stay bytes in the file, and damaged weight files are refused', () => {
  expect(model.length).toBeLessThan(6.5e6);
  expect(() => readFaceApiWeights(manifest, binary.subarray(0, -1))).toThrow('are needed');
  expect(() => readFaceApiWeights(manifest, Buffer.concat([binary, Buffer.alloc(1)]))).toThrow('the manifest describes');
  expect(() => ssdMobilenetGraph({})).toThrow('the weights lack');
});

test('anchors cover inputs of any whole strides, and outputs of another size are refused', () => {
  expect([16, 32, 64, 128, 256, 512].map((stride) => cellsOf(416, stride))).toEqual([26, 13, 7, 4, 2, 1]);
  const spec = ssdSpecSchema.parse(JSON.parse(ssdMobilenetGraph(weights).metadata[detectorKey]!));
  expect(() => decodeSsd(new Float32Array(4), new Float32Array(1), 512, 512, 0.5, spec)).toThrow('its anchors are 5118');
});

// Faces counted by eye; one in profile, several looking down.
test.each([
  [1, 3],
  [2, 3],
  [3, 3],
  [4, 4],
  [5, 5],
  [6, 4],
])('photograph %i of the face-api demo: all %i faces and nothing else', async (n, faces) => {
  const found = await detector.detect(await decodeImage(sample(n)));
  expect(found).toHaveLength(faces);
  for (let i = 1; i < found.length; i++) expect(found[i]!.score).toBeLessThanOrEqual(found[i - 1]!.score);
});

test('a crowd of 36 small faces, 25 to 30 px wide, is found but for two at most, without a false box', async () => {
  // Photographs 4 and 5, with four and five faces, four times each.
  const tiles = await Promise.all(
    Array.from({ length: 8 }, async (_, i) => ({
      input: await sharp(sample(1 + (i % 4 < 2 ? 4 : 3)))
        .resize(310)
        .toBuffer(),
      left: 20 + (i % 4) * 370,
      top: 60 + Math.floor(i / 4) * 330,
    })),
  );
  const crowd = await sharp({ create: { width: 1500, height: 800, channels: 3, background: '#7f8a86' } })
    .composite(tiles)
    .png()
    .toBuffer();
  const found = await detector.detect(await decodeImage(crowd));
  expect(found.filter(({ box }) => box.width < 45).length).toBe(found.length);
  expect(found.length).toBeGreaterThanOrEqual(34);
  expect(found.length).toBeLessThanOrEqual(36);
});

test('pictures without a face, of one pixel, and much longer than wide give no face and no error', async () => {
  for (const [width, height] of [
    [64, 64],
    [1, 1],
    [3000, 2],
    [1300, 900],
  ] as const) {
    const data = Uint8Array.from({ length: width * height * 3 }, (_, i) => (i * 31 + (i >> 5) * 7) & 127);
    expect(await detector.detect({ width, height, channels: 3, data })).toEqual([]);
  }
});

test('the threshold decides what is reported', async () => {
  const image = await decodeImage(sample(2));
  expect(await detector.detect(image, { threshold: 0.95 })).toHaveLength(1);
});

const photos = process.env.MIEN_DATA && join(process.env.MIEN_DATA, 'photos');
test.skipIf(!photos || !existsSync(photos))('the seven, three and one faces of the real photographs (skipped without MIEN_DATA)', async () => {
  const truth = {
    'sts107-crew-7-faces.jpg': [
      [205, 65],
      [338, 175],
      [480, 100],
      [647, 180],
      [803, 80],
      [912, 185],
      [1072, 120],
    ],
    'apollo11-crew-3-faces.jpg': [
      [518, 650],
      [1042, 340],
      [1580, 700],
    ],
    'obama-1-face.jpg': [[488, 260]],
  } as const;
  for (const [file, centres] of Object.entries(truth)) {
    const found = await detector.detect(await decodeImage(join(photos!, file)));
    expect({
      file,
      ...score(
        found.map((d) => d.box),
        centres,
      ),
    }).toEqual({ file, found: centres.length, wrong: 0 });
  }
});

test('a file that is no detector is refused with its outputs named', async () => {
  const other = encodeModel({
    irVersion: 8,
    opsets: { '': 17 },
    producer: '',
    graphName: 'g',
    nodes: [],
    initializers: {},
    inputs: [],
    outputs: [{ name: 'logits', dtype: 'float32', shape: [1] }],
    metadata: {},
  });
  await expect(loadDetector({ model: other, createSession, file: 'x.onnx' })).rejects.toMatchObject({
    code: 'bad-detector',
    message: expect.stringContaining('found outputs logits'),
  });
  await expect(loadDetector({ model: new TextEncoder().encode('hello there'), createSession, file: 'x.onnx' })).rejects.toMatchObject({ code: 'bad-detector' });
  await expect(openDetector('/nowhere/d.onnx')).rejects.toMatchObject({ code: 'not-found' });
});
