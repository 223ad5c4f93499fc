/** What training will see of some rows, epoch after epoch. */
import { compileAugmentation, evaluationImage, type Geometry } from '../augment/compile.ts';
import { type Mix, mixBatch } from '../augment/mix.ts';
import type { AugmentationInput } from '../augment/schema.ts';
import { KeyedRandom, randomFor, shuffledIndices } from '../random.ts';
import type { Split } from '../store/store.ts';
import { contactSheet } from './contact-sheet.ts';

export interface PreviewOptions {
  augmentation: AugmentationInput;
  /** Shown rows are mixed with one another, as those of a batch are. */
  mix?: Mix | undefined;
  /** Seed of the training. */
  seed: number;
  /** Size of the window that is cut from the stored images; by default their own. */
  window?: readonly [heightPx: number, widthPx: number] | undefined;
  rows: number;
  epochs: number;
}

/** Tiles are enlarged to at least this side. */
const tileSidePx = 72;

/**
 * A PNG with a line for each row: the image as evaluation sees it, then as training sees it in epochs 1, 2, …: the same
 * rows, seed and keys give the same pixels as in training.
 * @throws UserError `bad-augmentation`, `crop-size`.
 */
export async function previewSheet(split: Split, options: PreviewOptions): Promise<Buffer> {
  const { augmentation, mix, seed, window, epochs } = options;
  const { channels, height, width } = split.image;
  const [outHeight, outWidth] = window ?? [height, width];
  const geometry: Geometry = { channels, height, width, outHeight, outWidth };
  const augment = compileAugmentation(augmentation, geometry);
  const evaluate = evaluationImage(geometry);
  const rows = shuffledIndices(split.count, randomFor(seed, 'preview')).subarray(0, options.rows);
  const pixels = await split.gatherImages(rows);
  const size = channels * outHeight * outWidth;
  const random = new KeyedRandom(0);
  const columns: Float32Array[] = [];
  for (let epoch = -1; epoch < epochs; epoch++) {
    const images = new Float32Array(rows.length * size);
    for (const [i, row] of rows.entries()) {
      if (epoch < 0) evaluate(pixels, i * split.imageBytes, images, i * size);
      else augment(pixels, i * split.imageBytes, random.reseed(seed, 'augment', epoch, row), images, i * size);
    }
    const batch = { channels, height: outHeight, width: outWidth, classes: 1 };
    if (mix && epoch >= 0) mixBatch(images, new Float32Array(rows.length), random.reseed(seed, 'mix', epoch, 0), { ...mix, ...batch });
    columns.push(images);
  }
  const tiles = [...rows.keys()].flatMap((i) =>
    columns.map((images) => Uint8Array.from(images.subarray(i * size, (i + 1) * size), (value) => Math.round(255 * value))),
  );
  const image = { layout: 'fixed', channels, height: outHeight, width: outWidth } as const;
  return contactSheet(tiles, image, { columns: columns.length, scale: Math.max(1, Math.ceil(tileSidePx / outWidth)), gapPx: 4 });
}
