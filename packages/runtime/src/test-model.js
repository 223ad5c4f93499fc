/** A network of one matrix for tests: mean of each channel → logits. Not part of the package's surface. */
import { encodeModel, tensor } from '@mien/onnx';
import { cardKey } from './card.js';
import { ferCrop } from './crop-geometry.js';
import { expressions } from './labels.js';
/** A card for a [1,8,8] input, mean 0, std 1. */
export const testCard = {
  formatVersion: 1,
  name: 'test',
  architecture: 'mean',
  description: 'Tells faces by their mean brightness',
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
/** logit k = weights[k] · mean + biases[k]; `card` null leaves the card out. */
export function testModel(weights, biases, card = testCard) {
  return encodeModel({
    irVersion: 8,
    opsets: { '': 17 },
    producer: 'mien',
    graphName: 'test',
    nodes: [
      { opType: 'GlobalAveragePool', inputs: ['image'], outputs: ['pooled'] },
      { opType: 'Flatten', inputs: ['pooled'], outputs: ['flat'] },
      { opType: 'Gemm', inputs: ['flat', 'w', 'b'], outputs: ['logits'] },
    ],
    initializers: { w: tensor.float32(Float32Array.from(weights), [1, weights.length]), b: tensor.float32(Float32Array.from(biases), [biases.length]) },
    inputs: [{ name: 'image', dtype: 'float32', shape: ['N', 1, 8, 8] }],
    outputs: [{ name: 'logits', dtype: 'float32', shape: ['N', weights.length] }],
    metadata: card === null ? {} : { [cardKey]: typeof card === 'string' ? card : JSON.stringify(card) },
  });
}
