import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { Image } from '@mien/runtime';
import { beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../test/pictures.ts';
import { decodeFrames, probeVideo } from './ffmpeg.ts';

const folder = temporaryFolder('video');
const missing = spawnSync('ffmpeg', ['-version']).status === 0 ? '' : ' (skipped: no ffmpeg on the PATH; install it)';
const video = join(folder, 'greys.mp4');

async function frames(rate: number, first: number, count: number): Promise<Image[]> {
  const found: Image[] = [];
  for await (const frame of decodeFrames(video, rate, first, count)) found.push(frame);
  return found;
}

/** Frame n of the film is of shade 10·n; five frames a second, 20 frames. */
const shades = (images: readonly Image[]): number[] => images.map(({ data }) => Math.round(data[0]! / 10));

describe(`frames of a video${missing}`, () => {
  beforeAll(() => {
    if (missing) return;
    const source = 'nullsrc=s=32x24:r=5:d=4,format=gray,geq=lum=N*10';
    const made = spawnSync('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', source, '-c:v', 'mpeg4', '-q:v', '1', video], { encoding: 'utf8' });
    expect(made.stderr).toBe('');
  });

  it.skipIf(missing)('are counted', async () => {
    expect(await probeVideo(video)).toEqual({ seconds: 4, frameRate: 5 });
  });

  it.skipIf(missing)('at the rate of the film are its frames, wherever reading begins', async () => {
    const whole = shades(await frames(5, 0, 20));
    expect(whole).toEqual(Array.from({ length: 20 }, (_, n) => n));
    for (const [first, count] of [
      [0, 3],
      [3, 7],
      [10, 10],
      [19, 1],
    ] as const) {
      expect(shades(await frames(5, first, count))).toEqual(whole.slice(first, first + count));
    }
  });

  it.skipIf(missing)('at a lower rate are those in the middle of each interval', async () => {
    // The middles 0.5, 1.5, 2.5, 3.5 s lie in the frames shown from 0.4, 1.4, 2.4, 3.4 s.
    const whole = shades(await frames(1, 0, 4));
    expect(whole).toEqual([2, 7, 12, 17]);
    expect(shades(await frames(1, 2, 2))).toEqual([12, 17]);
  });

  it.skipIf(missing)('end where the video ends', async () => {
    expect(await frames(1, 2, 10)).toHaveLength(2);
    const [image] = await frames(1, 0, 1);
    expect(image).toMatchObject({ width: 32, height: 24, channels: 3 });
  });
});
