/** Faces of a store as a network will see them: for measuring, so without augmentation. */
import { randomFor, shuffledIndices, type Split } from '@mien/data';
import type { Normalisation } from '@mien/models';
import { ferCrop, type Image, Preprocessor, wholeSquare } from '@mien/runtime';

/** Images that go through the network together. */
const batch = 32;

/** Stored images are planar, pictures are interleaved. */
function toImage(pixels: Uint8Array, { channels, height, width }: Split['image']): Image {
  const plane = height * width;
  return { width, height, channels: channels as 1 | 3, data: Uint8Array.from(pixels, (_, i) => pixels[(i % channels) * plane + Math.floor(i / channels)]!) };
}

/** Batches [N,C,H,W] of `rows` rows of the split, or all where it has fewer: chosen at random, always the same ones. */
export function faceBatches(
  split: Split,
  { input, normalisation, rows }: { readonly input: readonly [number, number, number]; readonly normalisation: Normalisation; readonly rows: number },
): { batches: AsyncIterable<Float32Array>; rows: number } {
  const [C, H, W] = input;
  const chosen = shuffledIndices(split.count, randomFor('batch norm statistics')).subarray(0, rows);
  const preprocessor = new Preprocessor({
    input: { name: 'image', shape: [C as 1 | 3, H, W] },
    color: C === 1 ? 'gray' : 'rgb',
    crop: ferCrop,
    resize: 'area-bilinear',
    resizeTo: [H, W],
    mean: [...normalisation.mean],
    std: [...normalisation.std],
  });
  const square = wholeSquare(split.image);
  async function* batches(): AsyncIterable<Float32Array> {
    for (let at = 0; at < chosen.length; at += batch) {
      const some = chosen.subarray(at, at + batch);
      const pixels = await split.gatherImages(some);
      const images = new Float32Array(some.length * preprocessor.size);
      for (let n = 0; n < some.length; n++) {
        preprocessor.write(toImage(pixels.subarray(n * split.imageBytes, (n + 1) * split.imageBytes), split.image), square, images, n * preprocessor.size);
      }
      yield images;
    }
  }
  return { batches: batches(), rows: chosen.length };
}
