/** Generated pictures and a network that tells them apart at once, for exercising everything around recognition. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeModel, tensor } from '@mien/onnx';
import { cardFormatVersion, cardKey, expressions, ferCrop } from '@mien/runtime';
import sharp from 'sharp';

/** Different pictures: each a shade of grey that the network below recognises. */
export const shades = 64;
/** Every so many-th file is cut off in the middle: it cannot be decoded. */
export const damagedEvery = 500;

const perFolder = 1000;
const sizePx = 32;

/** Writes `count` pictures as `dir/0012/s07-0012345.png`, where 07 is the shade; every `damagedEvery`-th is damaged. */
export async function writePictures(dir, count) {
  const pictures = await Promise.all(
    Array.from({ length: shades }, (_, shade) => {
      const v = shade * 4;
      return sharp({ create: { width: sizePx, height: sizePx, channels: 3, background: { r: v, g: v, b: v } } })
        .png()
        .toBuffer();
    }),
  );
  let damaged = 0;
  for (let first = 0; first < count; first += perFolder) {
    const folder = join(dir, String(first / perFolder).padStart(4, '0'));
    await mkdir(folder, { recursive: true });
    const numbers = Array.from({ length: Math.min(perFolder, count - first) }, (_, i) => first + i);
    for (let at = 0; at < numbers.length; at += 50) {
      await Promise.all(
        numbers.slice(at, at + 50).map((n) => {
          const shade = n % shades;
          const bytes = pictures[shade];
          const isDamaged = n % damagedEvery === damagedEvery - 1;
          if (isDamaged) damaged++;
          const name = `s${String(shade).padStart(2, '0')}-${String(n).padStart(7, '0')}.png`;
          return writeFile(join(folder, name), isDamaged ? bytes.subarray(0, bytes.length >> 1) : bytes);
        }),
      );
    }
  }
  return { count, damaged };
}

/** A network of one matrix: the picture's mean brightness → a probability of `happy` that names the shade. */
export function brightnessModel() {
  const card = {
    formatVersion: cardFormatVersion,
    name: 'brightness',
    architecture: 'mean',
    description: 'Tells pictures by their mean brightness; for tests',
    licence: 'MIT',
    labels: [...expressions],
    preprocessing: { input: { name: 'image', shape: [1, 8, 8] }, color: 'gray', crop: ferCrop, resize: 'area-bilinear', resizeTo: [8, 8], mean: [0], std: [1] },
    output: { name: 'logits', temperature: 1 },
    training: { data: 'none', split: 'none', rows: 0, chosenOn: 'none', recipe: 'none', seed: 0, epochs: 0 },
    parameters: 14,
    flops: 14,
    figures: [],
    intendedUse: 'tests',
    limits: [],
  };
  const weights = expressions.map((label) => (label === 'happy' ? 4 : 0));
  return encodeModel({
    irVersion: 8,
    opsets: { '': 17 },
    producer: 'mien',
    graphName: 'brightness',
    nodes: [
      { opType: 'GlobalAveragePool', inputs: ['image'], outputs: ['pooled'] },
      { opType: 'Flatten', inputs: ['pooled'], outputs: ['flat'] },
      { opType: 'Gemm', inputs: ['flat', 'w', 'b'], outputs: ['logits'] },
    ],
    initializers: {
      w: tensor.float32(Float32Array.from(weights), [1, weights.length]),
      b: tensor.float32(new Float32Array(weights.length), [weights.length]),
    },
    inputs: [{ name: 'image', dtype: 'float32', shape: ['N', 1, 8, 8] }],
    outputs: [{ name: 'logits', dtype: 'float32', shape: ['N', weights.length] }],
    metadata: { [cardKey]: JSON.stringify(card) },
  });
}
