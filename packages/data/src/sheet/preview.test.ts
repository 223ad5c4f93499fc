import { join } from 'node:path';
import sharp from 'sharp';
import { expect, it } from 'vitest';
import { makeStore, temporaryDir } from '../../test/fixtures.ts';
import { compileAugmentation } from '../augment/compile.ts';
import type { AugmentationInput } from '../augment/schema.ts';
import { randomFor, shuffledIndices } from '../random.ts';
import { openStore } from '../store/store.ts';
import { previewSheet } from './preview.ts';

it('shows the pixels that training sees: same seed, rows and keys', async () => {
  const image = { layout: 'fixed', channels: 1, height: 80, width: 80 } as const;
  const split = await (await openStore(makeStore(join(temporaryDir(), 's'), { train: [0, 1, 2, 0, 1] }, { image }))).split('train');
  const augmentation: AugmentationInput = [{ op: 'affine', rotateDeg: 20 }, { op: 'crop' }, { op: 'brightness' }];
  const options = { augmentation, seed: 3, window: [72, 72], rows: 2, epochs: 3 } as const;
  const png = await previewSheet(split, options);
  const { data, info } = await sharp(png).raw().toBuffer({ resolveWithObject: true });
  expect([info.width, info.height]).toEqual([4 * 76 - 4, 2 * 76 - 4]);
  const row = shuffledIndices(5, randomFor(3, 'preview'))[1]!;
  const out = new Float32Array(72 * 72);
  const augment = compileAugmentation(augmentation, { channels: 1, height: 80, width: 80, outHeight: 72, outWidth: 72 });
  augment(await split.readImages(row, 1), 0, randomFor(3, 'augment', 2, row), out, 0);
  const tile = Array.from(out, (_, i) => data[((76 + Math.floor(i / 72)) * info.width + 3 * 76 + (i % 72)) * info.channels]);
  expect(tile).toEqual(Array.from(out, (value) => Math.round(255 * value)));
  expect((await previewSheet(split, options)).equals(png)).toBe(true);
  expect((await previewSheet(split, { ...options, mix: { probability: 1, mixup: 1, cutmix: 0 } })).equals(png)).toBe(false);
});
