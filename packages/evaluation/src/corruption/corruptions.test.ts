import { randomFor } from '@mien/data';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { corruptionNames, corruptions, corruptPixels } from './corruptions.ts';
import { constantsFor, severities } from './picture.ts';

const side = 48;

/** Smooth hills with a few edges, as pictures are: not flat, not noise. */
function picture(seed: number, channels = 1, size = side): Uint8Array {
  const random = randomFor(seed, 'picture');
  const [a, b, c] = [random.next(), random.next(), random.next()];
  return Uint8Array.from({ length: channels * size * size }, (_, at) => {
    const p = at % (size * size);
    const [x, y] = [(p % size) / size, Math.floor(p / size) / size];
    const hill = 0.5 + 0.25 * Math.sin(6 * (x + a)) + 0.2 * Math.cos(9 * (y + b));
    return Math.round(255 * Math.min(1, Math.max(0, hill + (x > 0.3 + c / 4 && x < 0.5 ? -0.25 : 0))));
  });
}

async function damage(name: (typeof corruptionNames)[number], severity: (typeof severities)[number], rows = 12): Promise<number> {
  let sum = 0;
  for (let row = 0; row < rows; row++) {
    const clean = picture(row);
    const pixels = clean.slice();
    await corruptPixels(pixels, { channels: 1, height: side, width: side }, name, severity, 1, row);
    for (const [i, v] of pixels.entries()) sum += (v - clean[i]!) ** 2;
  }
  return Math.sqrt(sum / rows / side / side);
}

describe('corruptions', () => {
  it('are the fifteen of the paper', () => {
    expect(corruptionNames).toHaveLength(15);
  });

  it.each(corruptionNames)('%s changes the picture, more at severity 5 than at 1', async (name) => {
    const [mild, hard] = [await damage(name, 1), await damage(name, 5)];
    expect(mild).toBeGreaterThan(0);
    // By the published constants elastic moves fewer but larger things as it grows; its damage to pixels is not ordered.
    if (name !== 'elastic') expect(hard).toBeGreaterThan(mild);
  });

  it.each(['gaussian noise', 'shot noise', 'impulse noise', 'defocus blur', 'zoom blur', 'fog', 'brightness', 'contrast', 'jpeg'] as const)(
    '%s grows with every severity',
    async (name) => {
      const sizes: number[] = [];
      for (const severity of severities) sizes.push(await damage(name, severity, 8));
      expect(sizes).toEqual(sizes.toSorted((a, b) => a - b));
    },
  );

  it.each(corruptionNames)('%s is a function of seed, row and severity', async (name) => {
    const run = async (seed: number, row: number): Promise<Uint8Array> => {
      const pixels = picture(1);
      await corruptPixels(pixels, { channels: 1, height: side, width: side }, name, 3, seed, row);
      return pixels;
    };
    expect(await run(7, 2)).toEqual(await run(7, 2));
    const isDrawn = !['defocus blur', 'zoom blur', 'brightness', 'contrast', 'pixelate', 'jpeg'].includes(name);
    const differ = async (all: readonly [seed: number, row: number][]): Promise<boolean> => {
      const made = new Set<string>();
      for (const [seed, row] of all) made.add(Buffer.from(await run(seed, row)).toString('hex'));
      return made.size > 1;
    };
    expect(await differ([2, 3, 4, 5, 6, 7].map((seed) => [seed, 2]))).toBe(isDrawn);
    expect(await differ([2, 3, 4, 5, 6, 7].map((row) => [7, row]))).toBe(isDrawn);
  });

  it.each(corruptionNames)('%s takes colour, odd sizes and any values', async (name) => {
    await fc.assert(
      fc.asyncProperty(
        // The mildest zoom moves nothing in 8×8.
        fc.integer({ min: 9, max: 40 }),
        fc.integer({ min: 9, max: 40 }),
        fc.constantFrom(1, 3),
        fc.constantFrom(...severities),
        async (height, width, channels, severity) => {
          const pixels = Uint8Array.from({ length: channels * height * width }, (_, i) => ((i % (height * width)) * 37) % 256);
          const before = pixels.slice();
          await corruptPixels(pixels, { channels, height, width }, name, severity, 1, 0);
          // Grey in three channels stays grey but where each channel has noise of its own.
          const planes = Array.from({ length: channels }, (_, c) => Buffer.from(pixels.subarray(c * height * width, (c + 1) * height * width)));
          if (!name.endsWith('noise') && name !== 'jpeg') expect(planes.every((plane) => plane.equals(planes[0]!))).toBe(true);
          // One impulse in a hundred values misses a small picture now and then.
          if (name !== 'impulse noise' || pixels.length > 2000) expect(Buffer.compare(pixels, before)).not.toBe(0);
        },
      ),
      { numRuns: 5 },
    );
  });

  it('a black picture stays finite', async () => {
    for (const name of corruptionNames) {
      const { data } = await corruptions[name]({ channels: 1, height: 16, width: 16, data: new Float32Array(256) }, 5, randomFor(1, name));
      expect(data.every(Number.isFinite)).toBe(true);
    }
  });

  it('contrast keeps the mean and scales what is left', async () => {
    const data = Float32Array.of(0.2, 0.4, 0.6, 0.8);
    const out = await corruptions.contrast({ channels: 1, height: 2, width: 2, data }, 5, randomFor(1));
    // 2×2 is smaller than 32: the constant of CIFAR-10-C, 0.15.
    expect([...out.data].map((v) => Math.round(v * 1000))).toEqual([455, 485, 515, 545]);
  });

  it.each([
    [32, [0.05, 0.1, 0.15, 0.2, 0.3]],
    [64, [0.1, 0.2, 0.3, 0.4, 0.5]],
  ])('brightness at %i px adds the published constants', async (size, constants) => {
    for (const severity of severities) {
      const { data } = await corruptions.brightness(
        { channels: 1, height: size, width: size, data: new Float32Array(size * size).fill(0.25) },
        severity,
        randomFor(1),
      );
      expect(data[0]).toBeCloseTo(0.25 + constants[severity - 1]!, 5);
    }
  });

  it.each([
    [32, [0.04, 0.06, 0.08, 0.09, 0.1]],
    [64, [0.04, 0.08, 0.12, 0.15, 0.18]],
  ])('gaussian noise at %i px has the published standard deviations', async (size, constants) => {
    for (const severity of severities) {
      const { data } = await corruptions['gaussian noise'](
        { channels: 1, height: size, width: size, data: new Float32Array(size * size).fill(0.5) },
        severity,
        randomFor(3),
      );
      const sd = Math.sqrt(data.reduce((sum, v) => sum + (v - 0.5) ** 2, 0) / data.length);
      expect(sd / constants[severity - 1]!).toBeGreaterThan(0.93);
      expect(sd / constants[severity - 1]!).toBeLessThan(1.07);
    }
  });

  it('zoom blur is the mean of the picture and of 7, 12, 16, 21 and 26 enlargements', async () => {
    // One bright middle row: the picture itself and each enlargement spread it by a known share.
    const at = async (severity: (typeof severities)[number]): Promise<number> => {
      const data = new Float32Array(32 * 32);
      data[0] = 1;
      return (await corruptions['zoom blur']({ channels: 1, height: 32, width: 32, data }, severity, randomFor(1))).data[0]!;
    };
    // The corner leaves the picture with the first enlargement that crops; the picture and the unchanged first step hold it.
    const counts = [7, 12, 16, 21, 26].map((steps) => 1 / (steps + 1));
    for (const [i, severity] of severities.entries()) expect((await at(severity)) / counts[i]!).toBeCloseTo(Math.round((await at(severity)) / counts[i]!), 3);
  });

  it('takes the constants of the published size that is nearer', () => {
    const at = (size: number): readonly number[] => constantsFor({ height: size, width: size + 5 }, 2, [[0], [10, 1]], [[0], [20, 3]]);
    expect([at(20), at(32), at(45), at(48), at(200)].map(([first]) => first)).toEqual([10, 10, 10, 20, 20]);
  });

  it('shot noise has the mean and the variance of a Poisson count', async () => {
    const data = new Float32Array(64 * 64).fill(0.5);
    const { data: noisy } = await corruptions['shot noise']({ channels: 1, height: 64, width: 64, data }, 3, randomFor(5));
    const mean = noisy.reduce((a, b) => a + b, 0) / noisy.length;
    const variance = noisy.reduce((sum, v) => sum + (v - mean) ** 2, 0) / noisy.length;
    expect(mean).toBeCloseTo(0.5, 1);
    expect(variance).toBeGreaterThan(0.9 * (0.5 / 50));
    expect(variance).toBeLessThan(1.1 * (0.5 / 50));
  });
});
