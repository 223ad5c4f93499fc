import { expect, test } from 'vitest';
import type { Box, Image } from './image.ts';
import { Resampler } from './resample.ts';

/** Any picture with no symmetry. */
function picture(width: number, height: number, channels: 1 | 3 | 4): Image {
  return { width, height, channels, data: Uint8Array.from({ length: width * height * channels }, (_, i) => (i * 97 + ((i * i) >> 3)) & 255) };
}

/** The definition, pixel by pixel: a 2-D triangle filter over the endlessly repeated edge. */
function slowly(image: Image, rect: Box, channels: 1 | 3, height: number, width: number): number[] {
  const sample = (x: number, y: number, c: number): number => {
    const cx = Math.min(Math.max(x, 0), image.width - 1);
    const cy = Math.min(Math.max(y, 0), image.height - 1);
    const at = (cy * image.width + cx) * image.channels;
    if (image.channels === 1) return image.data[at]!;
    if (channels === 3) return image.data[at + c]!;
    return 0.299 * image.data[at]! + 0.587 * image.data[at + 1]! + 0.114 * image.data[at + 2]!;
  };
  const scaleX = rect.width / width;
  const scaleY = rect.height / height;
  const weight = (distance: number, scale: number): number => Math.max(0, 1 - Math.abs(distance) / Math.max(scale, 1));
  const out: number[] = [];
  for (let c = 0; c < channels; c++) {
    for (let j = 0; j < height; j++) {
      for (let i = 0; i < width; i++) {
        const x = rect.x + (i + 0.5) * scaleX - 0.5;
        const y = rect.y + (j + 0.5) * scaleY - 0.5;
        let sum = 0;
        let weights = 0;
        for (let v = Math.floor(y - scaleY) - 1; v <= y + scaleY + 1; v++) {
          for (let u = Math.floor(x - scaleX) - 1; u <= x + scaleX + 1; u++) {
            const w = weight(u - x, scaleX) * weight(v - y, scaleY);
            sum += w * sample(u, v, c);
            weights += w;
          }
        }
        out.push(sum / weights);
      }
    }
  }
  return out;
}

test.each([
  ['shrinking', picture(31, 23, 3), { x: 2.3, y: 1.7, width: 24.5, height: 20 }, 1, 7, 5],
  ['enlarging', picture(6, 5, 3), { x: 0.5, y: 0.25, width: 4, height: 4.5 }, 3, 11, 13],
  ['enlarging across, shrinking down', picture(9, 40, 1), { x: 1, y: 3, width: 5, height: 30 }, 1, 6, 12],
  ['over every edge', picture(8, 6, 4), { x: -5, y: -7.5, width: 19, height: 22 }, 3, 6, 6],
  ['wholly outside', picture(8, 6, 3), { x: 40, y: -50, width: 9, height: 9 }, 1, 4, 4],
  ['one pixel', picture(1, 1, 3), { x: -1, y: -1, width: 3, height: 3 }, 3, 4, 4],
  ['one row', picture(17, 1, 1), { x: 0, y: 0, width: 17, height: 1 }, 3, 2, 5],
] as const)('%s agrees with the definition', (_, image, rect, channels, height, width) => {
  const fast = new Resampler().resample(image, rect, channels, height, width, new Float32Array(channels * height * width));
  const slow = slowly(image, rect, channels, height, width);
  expect(slow).toHaveLength(fast.length);
  for (const [i, value] of slow.entries()) expect(fast[i]).toBeCloseTo(value, 3);
});

test('a part of the output size passes through bit for bit, grey stored as RGBA too', () => {
  const grey = picture(7, 5, 1);
  const rgba: Image = { ...grey, channels: 4, data: Uint8Array.from({ length: 140 }, (_, i) => (i % 4 === 3 ? 9 : grey.data[i >> 2]!)) };
  for (const image of [grey, rgba]) {
    expect([...new Resampler().resample(image, { x: 0, y: 0, width: 7, height: 5 }, 1, 5, 7, new Float32Array(35))]).toEqual([...grey.data]);
  }
  const part = new Resampler().resample(grey, { x: 2, y: 1, width: 3, height: 2 }, 1, 2, 3, new Float32Array(6));
  expect([...part]).toEqual([1, 2].flatMap((y) => [2, 3, 4].map((x) => grey.data[y * 7 + x]!)));
});

test('scratch memory carries nothing from one picture to the next', () => {
  const used = new Resampler();
  used.resample(picture(50, 50, 4), { x: 0, y: 0, width: 50, height: 50 }, 3, 20, 20, new Float32Array(1200));
  const rect = { x: 1, y: 1, width: 3, height: 3 };
  const again = used.resample(picture(5, 5, 3), rect, 1, 4, 4, new Float32Array(16));
  expect(again).toEqual(new Resampler().resample(picture(5, 5, 3), rect, 1, 4, 4, new Float32Array(16)));
});

test('writes into the corner of larger planes and leaves the rest', () => {
  const out = new Resampler().resample(picture(2, 2, 3), { x: 0, y: 0, width: 2, height: 2 }, 3, 2, 2, new Float32Array(27).fill(-1), 3, 3);
  for (const [i, v] of out.entries()) expect(v === -1).toBe(i % 3 === 2 || i % 9 >= 6);
});

test('an empty picture or rectangle is refused', () => {
  const out = new Float32Array(1);
  expect(() =>
    new Resampler().resample({ width: 0, height: 3, channels: 1, data: new Uint8Array() }, { x: 0, y: 0, width: 1, height: 1 }, 1, 1, 1, out),
  ).toThrow('0×3');
  expect(() => new Resampler().resample(picture(2, 2, 1), { x: 0, y: 0, width: 0, height: 1 }, 1, 1, 1, out)).toThrow('no area');
  expect(() => new Resampler().resample(picture(2, 2, 1), { x: Number.NaN, y: 0, width: 1, height: 1 }, 1, 1, 1, out)).toThrow('no area');
});
