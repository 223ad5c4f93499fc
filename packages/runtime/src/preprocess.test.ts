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

test('a turned square is what a turned camera would have seen: a quarter turn moves pixels, no turn changes none', () => {
  const whole = { x: 0, y: 0, width: 48, height: 48 };
  const rgbSpec: Preprocessing = { ...spec, input: { name: 'x', shape: [3, 48, 48] }, color: 'rgb', mean: [0], std: [1 / 255] };
  const rgb: Image = { ...fer, channels: 3, data: Uint8Array.from({ length: 6912 }, (_, i) => (i * 31) & 255) };
  const turned = new Preprocessor(rgbSpec).write(rgb, { ...whole, rollRad: Math.PI / 2 });
  // What ran down the picture runs to the right in the crop.
  for (const [y, x] of [
    [0, 0],
    [5, 40],
    [47, 30],
  ] as const) {
    for (const c of [0, 1, 2]) expect(turned[c * 2304 + y * 48 + x]).toBeCloseTo(rgb.data[(x * 48 + 47 - y) * 3 + c]!, 3);
  }
  const still = new Preprocessor(spec).write(fer, { ...whole, rollRad: 1e-12 });
  for (const [i, value] of preprocess(fer, 'whole', spec).entries()) expect(still[i]).toBeCloseTo(value, 5);
});

test('turning by the roll levels a tilted line, in a photograph larger than the input too', () => {
  const roll = 0.3;
  const size = 400;
  const tilted: Image = {
    width: size,
    height: size,
    channels: 1,
    data: Uint8Array.from({ length: size * size }, (_, i) => {
      const [x, y] = [(i % size) + 0.5 - 200, Math.floor(i / size) + 0.5 - 180];
      return Math.cos(roll) * y - Math.sin(roll) * x > 0 ? 255 : 0;
    }),
  };
  const flat: Preprocessing = { ...spec, input: { name: 'x', shape: [1, 32, 24] }, resizeTo: [32, 24], mean: [0], std: [1] };
  const crop = new Preprocessor(flat).write(tilted, { x: 100, y: 80, width: 200, height: 200, rollRad: roll });
  for (let y = 0; y < 32; y++) {
    if (y > 13 && y < 18) continue;
    for (let x = 0; x < 24; x++) expect(crop[y * 24 + x]).toBeCloseTo(y < 16 ? 0 : 1, 6);
  }
});

test('contradictory specifications are refused', () => {
  expect(() => new Preprocessor({ ...spec, resizeTo: [40, 48] })).toThrow('44×44 is cut from resizeTo 40×48');
  expect(() => preprocess(fer, 'whole', { ...spec, color: 'rgb' })).toThrow('3 input channels');
});
