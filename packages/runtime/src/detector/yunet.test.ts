import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type TensorValue, tensor } from '@mien/onnx';
import { expect, test } from 'vitest';
import { decodeImage } from '../node/decode-image.ts';
import { openDetector } from '../node/default-detector.ts';
import { decodeYunet } from './yunet.ts';

test('decodes a cell of each head: centre, sides and landmarks in pixels of the picture', () => {
  const planes = { data: new Float32Array(), height: 32, width: 64, scaleX: 2, scaleY: 3 };
  const outputs: Record<string, TensorValue> = {};
  for (const stride of [8, 16, 32]) {
    const cells = (32 / stride) * (64 / stride);
    for (const [head, values] of [
      ['cls', 1],
      ['obj', 1],
      ['bbox', 4],
      ['kps', 10],
    ] as const) {
      outputs[`${head}_${stride}`] = tensor.float32(new Float32Array(cells * values), [1, cells, values]);
    }
  }
  const write = (name: string, at: number, values: number[]): void => (outputs[name]!.data as Float32Array).set(values, at);
  // Stride 16 has 4 columns: cell 6 is row 1, column 2.
  write('cls_16', 6, [0.81]);
  write('obj_16', 6, [1.3]);
  write('bbox_16', 24, [0.5, 0.25, Math.log(2), Math.log(3)]);
  write('kps_16', 60, [0, 0, 1, 0, 0.5, 0.5, 0, 1, 1, 1]);
  const [face, ...rest] = decodeYunet(outputs, planes, 0.6);
  expect(rest).toEqual([]);
  expect(face!.score).toBeCloseTo(0.9, 6);
  expect(face!.box.x + face!.box.width / 2).toBeCloseTo(2.5 * 16 * 2, 4);
  expect(face!.box.y + face!.box.height / 2).toBeCloseTo(1.25 * 16 * 3, 4);
  expect([face!.box.width, face!.box.height].map((v) => Math.round(v))).toEqual([2 * 16 * 2, 3 * 16 * 3]);
  expect(face!.landmarks![1]).toEqual([3 * 16 * 2, 1 * 16 * 3]);
  expect(decodeYunet(outputs, planes, 0.91)).toEqual([]);
});

const photos = process.env.MIEN_DATA && join(process.env.MIEN_DATA, 'photos');
const detectors = process.env.MIEN_DATA && join(process.env.MIEN_DATA, '../detectors');
test.skipIf(!photos || !detectors || !existsSync(detectors))(
  'YuNet files of fixed and dynamic size find the real faces (skipped without MIEN_DATA)',
  async () => {
    const image = await decodeImage(join(photos!, 'apollo11-crew-3-faces.jpg'));
    for (const file of ['yunet_n_dynamic.onnx', 'yunet_n_640_640.onnx', 'yunet_n_320_320.onnx']) {
      const detector = await openDetector(join(detectors!, file));
      const found = await detector.detect(image);
      expect([file, found.length]).toEqual([file, 3]);
      const [nose] = found.map(({ landmarks }) => landmarks![2]!);
      expect(found[0]!.box.x < nose![0] && nose![0] < found[0]!.box.x + found[0]!.box.width).toBe(true);
      await detector.release();
    }
  },
);
