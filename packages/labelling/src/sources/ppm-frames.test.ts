import type { Image } from '@mien/runtime';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { readPpmFrames } from './ppm-frames.ts';

function ppm(width: number, height: number, fill: number): Buffer {
  return Buffer.concat([Buffer.from(`P6\n${width} ${height}\n255\n`), Buffer.alloc(width * height * 3, fill)]);
}

async function read(parts: Iterable<Buffer>): Promise<Image[]> {
  const frames: Image[] = [];
  async function* stream() {
    yield* parts;
  }
  for await (const frame of readPpmFrames(stream())) frames.push(frame);
  return frames;
}

it('frames of any sizes come out whole, however the pipe cuts them', async () => {
  const frame = fc.record({ width: fc.integer({ min: 1, max: 9 }), height: fc.integer({ min: 1, max: 9 }), fill: fc.integer({ min: 0, max: 255 }) });
  await fc.assert(
    fc.asyncProperty(fc.array(frame, { maxLength: 6 }), fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), async (frames, cuts) => {
      const whole = Buffer.concat(frames.map(({ width, height, fill }) => ppm(width, height, fill)));
      const parts: Buffer[] = [];
      for (let at = 0, i = 0; at < whole.length; i++) {
        const size = cuts[i % cuts.length]!;
        parts.push(whole.subarray(at, at + size));
        at += size;
      }
      const found = (await read(parts)).map(({ width, height, data }) => ({ width, height, fill: data[0], size: data.length }));
      expect(found).toEqual(frames.map(({ width, height, fill }) => ({ width, height, fill, size: width * height * 3 })));
    }),
  );
});

it('a frame that is cut off is left out, and another format refused', async () => {
  const cut = ppm(4, 4, 1).subarray(0, 40);
  expect(await read([ppm(2, 2, 7), cut])).toHaveLength(1);
  await expect(read([Buffer.from('GIF89a and more than thirty-two bytes of it')])).rejects.toThrow('PPM');
});
