import { join } from 'node:path';
import type { Detection, FaceDetector, Image } from '@mien/runtime';
import { expect, it } from 'vitest';
import { makeStore, temporaryDir } from '../../test/fixtures.ts';
import { openStore } from '../store/store.ts';
import { checkStore } from './check.ts';

/** Sees a face wherever a cell of the picture is bright in its middle; `shy` cells only on a grey ground. */
function brightSpots(looks: Image[]): FaceDetector {
  return {
    name: 'bright spots',
    defaultThreshold: 0.5,
    detect: async (image) => {
      looks.push(image);
      const found: Detection[] = [{ box: { x: 0, y: 0, width: image.width, height: image.height }, score: 1 }];
      for (let y = 64; y < image.height; y += 128) {
        for (let x = 64; x < image.width; x += 128) {
          const value = image.data[y * image.width + x]!;
          const seen = value > 200 || (value > 150 && image.data[0] === 128);
          if (seen) found.push({ box: { x: x - 20, y: y - 20, width: 40, height: 40 }, score: value / 255 });
        }
      }
      return found;
    },
    release: async () => {},
  };
}

it('lays sixteen images on a picture, looks twice at those without a face, and takes no box of several for one', async () => {
  const values = [...new Array(18).fill(250), 40, 170, 30];
  const dir = makeStore(join(temporaryDir(), 's'), { train: values.map(() => 0) }, { row: (_, i) => ({ image: new Uint8Array(36).fill(values[i]!) }) });
  const looks: Image[] = [];
  const { findings } = await checkStore(await openStore(dir), { detector: brightSpots(looks) });
  expect(findings.find(({ id }) => id === 'no-face')).toMatchObject({ level: 'note', rows: [18, 20] });
  expect(looks.map(({ data }) => data[0])).toEqual([0, 0, 128]);
});
