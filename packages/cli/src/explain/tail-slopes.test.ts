/** Slopes by differentiation are those that are measured, for the end of every architecture. */
import { createSession } from '@mien/onnx/node';
import { channelWeights, headsOfCard, LookingGlass, measuredWeights } from '@mien/evaluation';
import { readCard } from '@mien/runtime';
import { expect, it } from 'vitest';
import { tinyModel } from '../../../training/test/tiny-model.ts';
import { tailSlopes } from './tail-slopes.ts';

/** Where ReLUs bend within the measured step, the two differ a little. */
const models: [string, Record<string, unknown>, number][] = [
  ['mien-net-small', {}, 1e-3],
  ['se-cnn-improved', { modelOptions: {}, input: [1, 40, 40] }, 0.1],
  ['deeper-cnn', { modelOptions: {}, input: [1, 32, 32] }, 0.1],
  ['shallow-cnn', { modelOptions: {}, input: [1, 12, 12] }, 0.1],
  ['vgg16', { modelOptions: { width: 0.125, hidden: 32 }, input: [3, 64, 64] }, 0.1],
  ['vgg16-bn', { modelOptions: { width: 0.125, cbam: 'after-base', head: 'transformer', headDim: 32 }, input: [3, 64, 64] }, 0.1],
  ['resnet18-cbam', { modelOptions: { width: 0.125, stem: 'small' }, input: [3, 36, 36] }, 1e-3],
  ['resnet18-patch-attention', { modelOptions: { width: 0.125, stem: 'small' }, input: [3, 36, 36] }, 0.1],
  ['resnet18-regions', { modelOptions: { width: 0.125, headDim: 32, headDepth: 1, headPool: 'mean', stages: 3 }, input: [3, 36, 36] }, 0.1],
  ['inception-v3', { modelOptions: { width: 0.125 }, input: [3, 75, 75] }, 0.1],
  ['efficientnet-b0', { modelOptions: {}, input: [3, 64, 64] }, 1e-3],
  ['vit-small', { modelOptions: { patch: 8, dim: 48, depth: 1, heads: 2 }, input: [3, 48, 48] }, 0.1],
];

it.each(models)('%s', async (model, recipe, tolerance) => {
  const bytes = tinyModel({ seed: 3, recipe: { model, ...recipe } });
  const card = readCard(bytes);
  const glass = await LookingGlass.open({ model: bytes, file: 'm.onnx', createSession, threads: 1, head: headsOfCard(card)[0], slopes: tailSlopes });
  try {
    expect(glass.slopes).toBeDefined();
    // Not what attention makes of its heads, which has four dimensions too.
    if (model === 'resnet18-patch-attention') expect(glass.lastMap!.shape).toEqual([32, 2, 2]);
    const size = card.preprocessing.input.shape.reduce((a, b) => a * b, 1);
    const map = await glass.inside(
      Float32Array.from({ length: size }, (_, i) => Math.sin(i * 0.37) * Math.cos(i * 0.011)),
      glass.lastMap!.name,
    );
    const [made, measured] = [await channelWeights(glass, map, 2), await measuredWeights(glass, map, 2)];
    const norm = (values: Float32Array): number => Math.sqrt(values.reduce((sum, v) => sum + v * v, 0));
    expect(norm(made)).toBeGreaterThan(0);
    expect(norm(made.map((v, c) => v - measured[c]!)) / norm(measured)).toBeLessThan(tolerance);
  } finally {
    await glass.release();
  }
});

it('a node without a derivative leaves slopes to be measured', async () => {
  const tail = { irVersion: 8, opsets: { '': 17 }, producer: 'test', graphName: 'test', inputs: [], outputs: [], initializers: {}, metadata: {} };
  const nodes = [{ opType: 'Sin', inputs: ['map'], outputs: ['logits'] }];
  expect(await tailSlopes({ ...tail, nodes }, { name: 'map', shape: [1, 2, 2, 2] }, 'logits')).toBeUndefined();
});
