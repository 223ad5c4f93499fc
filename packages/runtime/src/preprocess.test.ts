import { expect, test } from 'vitest';
import type { Preprocessing } from './card.ts';
import { cropSquare, ferCrop, wholeSquare } from './crop-geometry.ts';
import type { Image } from './image.ts';
import { normalise, Preprocessor, preprocess } from './preprocess.ts';

const spec: Preprocessing = {
  input: { name: 'image', shape: [1, 44, 44] },
  color: 'gray',
  crop: ferCrop,
  resize: 'area-bilinear',
  resizeTo: [48, 48],
  mean: [0.507],
  std: [0.255],
};
const fer: Image = { width: 48, height: 48, channels: 1, data: Uint8Array.from({ length: 2304 }, (_, i) => (i * 89) & 255) };

test('a whole 48×48 grey crop gives exactly its central pixels, normalised', () => {
  const input = preprocess(fer, 'whole', spec);
  expect(input).toHaveLength(44 * 44);
  const expected = Float32Array.from({ length: 44 * 44 }, (_, i) => normalise(fer.data[(Math.floor(i / 44) + 2) * 48 + (i % 44) + 2]!, 0, spec));
  expect(input).toEqual(expected);
});

test('the same crop as RGB gives the same bits', () => {
  const rgb: Image = { ...fer, channels: 3, data: Uint8Array.from({ length: 6912 }, (_, i) => fer.data[Math.floor(i / 3)]!) };
  expect(preprocess(rgb, 'whole', spec)).toEqual(preprocess(fer, 'whole', spec));
});

test('a grey crop fills every channel, each with its own mean and std', () => {
  const rgbSpec: Preprocessing = { ...spec, input: { name: 'x', shape: [3, 48, 48] }, mean: [0, 0.5, 1], std: [1, 2, 4] };
  const grey = preprocess(fer, 'whole', rgbSpec);
  const rgb = preprocess(fer, 'whole', { ...rgbSpec, color: 'rgb' });
  for (const c of [0, 1, 2]) expect(grey[c * 2304 + 100]).toBeCloseTo((fer.data[100]! / 255 - [0, 0.5, 1][c]!) / [1, 2, 4][c]!, 6);
  expect(rgb).toEqual(grey);
});

test('the crop is a square around the box, moved by the shift in crop sides', () => {
  const square = cropSquare({ x: 100, y: 200, width: 40, height: 90 }, { scale: 1.5, shift: [0.1, -0.2], align: 'none', square: true });
  expect(square.width).toBeCloseTo(90, 9);
  expect(square.x + square.width / 2).toBeCloseTo(120 + 9, 9);
  expect(square.y + square.height / 2).toBeCloseTo(245 - 18, 9);
});

test('where no face is looked for, the largest centred square is the crop', () => {
  expect(wholeSquare({ width: 100, height: 60 })).toEqual({ x: 20, y: 0, width: 60, height: 60 });
  const wide: Image = {
    width: 96,
    height: 48,
    channels: 1,
    data: Uint8Array.from({ length: 96 * 48 }, (_, i) => fer.data[Math.floor(i / 96) * 48 + Math.min(Math.max((i % 96) - 24, 0), 47)]!),
  };
  expect(preprocess(wide, 'whole', spec)).toEqual(preprocess(fer, 'whole', spec));
});

test('several faces go one after the other into one batch', () => {
  const p = new Preprocessor(spec);
  const batch = new Float32Array(2 * p.size);
  const boxes = [
    { x: 3, y: 4, width: 20, height: 30 },
    { x: -9, y: 25, width: 30, height: 30 },
  ] as const;
  for (const [i, box] of boxes.entries()) p.write(fer, cropSquare(box, spec.crop), batch, i * p.size);
  for (const [i, box] of boxes.entries()) expect(batch.subarray(i * p.size, (i + 1) * p.size)).toEqual(preprocess(fer, box, spec));
});

test('contradictory specifications are refused', () => {
  expect(() => new Preprocessor({ ...spec, resizeTo: [40, 48] })).toThrow('44×44 is cut from resizeTo 40×48');
  expect(() => preprocess(fer, 'whole', { ...spec, color: 'rgb' })).toThrow('3 input channels');
});
