/** Small pictures, and a network that tells them by their brightness, for tests. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeModel, tensor } from '@mien/onnx';
import { cardFormatVersion, cardKey, expressions, ferCrop, type ModelCard } from '@mien/runtime';
import { afterAll } from 'vitest';

/** A folder of its own that is removed after the file's tests. */
export function temporaryFolder(name: string): string {
  const dir = mkdtempSync(join(tmpdir(), `mien-${name}-`));
  afterAll(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** A picture of one shade, 0…255. SVG, which needs no encoder; readers go by content, so it may be named .png. */
export function shadePicture(shade: number, sizePx = 16): Buffer {
  return Buffer.from(
    `<svg xmlns="http://www.w3.org/2000/svg" width="${sizePx}" height="${sizePx}"><rect width="100%" height="100%" fill="rgb(${shade},${shade},${shade})"/></svg>`,
  );
}

/** Bytes of an ONNX file whose probability of `happy` grows with the picture's mean brightness. */
export function brightnessModel(name = 'brightness', gain = 4): Uint8Array {
  const card: ModelCard = {
    formatVersion: cardFormatVersion,
    name,
    architecture: 'mean',
    description: 'Tells pictures by their mean brightness',
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
  const weights = Float32Array.from(expressions, (label) => (label === 'happy' ? gain : 0));
  return encodeModel({
    irVersion: 8,
    opsets: { '': 17 },
    producer: 'mien',
    graphName: name,
    nodes: [
      { opType: 'GlobalAveragePool', inputs: ['image'], outputs: ['pooled'] },
      { opType: 'Flatten', inputs: ['pooled'], outputs: ['flat'] },
      { opType: 'Gemm', inputs: ['flat', 'w', 'b'], outputs: ['logits'] },
    ],
    initializers: { w: tensor.float32(weights, [1, 7]), b: tensor.float32(new Float32Array(7), [7]) },
    inputs: [{ name: 'image', dtype: 'float32', shape: ['N', 1, 8, 8] }],
    outputs: [{ name: 'logits', dtype: 'float32', shape: ['N', 7] }],
    metadata: { [cardKey]: JSON.stringify(card) },
  });
}

/** The probability of `happy` that `brightnessModel` gives to a shade of 0…255. */
export function happiness(shade: number, gain = 4): number {
  const e = Math.exp((gain * shade) / 255);
  return e / (e + 6);
}
