/** Which weights a recipe's `init` takes, and whose it refuses. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildNetwork } from '@mien/engine';
import { encodeSafetensors, findArchitecture, type NamedTensor, type OptionValue } from '@mien/models';
import { releasedModelsUrl } from '@mien/released-models';
import { expressions, UserError } from '@mien/runtime';
import { describe, expect, it } from 'vitest';
import { temporaryDir } from '../test/tiny-store.ts';
import { drawWeights, initialWeights } from './initial-weights.ts';
import { planNetwork } from './network-plan.ts';
import { checkRecipe, loadRecipe } from './recipe.ts';
import type { Recipe } from './recipe-schema.ts';

type Options = Readonly<Record<string, OptionValue>>;

const narrow = { width: 0.125 };

/** A file of weights for 1000 classes, as one of ImageNet; `change` may spoil some. */
function weightsFile(
  name: string,
  options: Options = narrow,
  metadata: Record<string, string> = {},
  change: (name: string, tensor: NamedTensor) => NamedTensor | undefined = (_, tensor) => tensor,
): string {
  const { specs } = buildNetwork(findArchitecture(name)!.build({ classes: 1000, channels: 3, ...options }), [3, 64, 64], { mode: 'infer', batch: 1 });
  const drawn = drawWeights(specs, 5);
  const tensors = new Map<string, NamedTensor>();
  for (const { name: weight, shape } of specs) {
    const tensor = change(weight, { shape, data: drawn.get(weight)! });
    if (tensor) tensors.set(weight, tensor);
  }
  const file = join(temporaryDir(), `${name}.safetensors`);
  writeFileSync(file, encodeSafetensors({ tensors, metadata }));
  return file;
}

function start(init: string, model: string, options: Options = narrow) {
  const fields = { name: 'r', model, modelOptions: options, input: [3, 64, 64], epochs: 1, optimizer: { kind: 'adam', learningRate: 0.001 }, init };
  return open(checkRecipe(fields, 'test'));
}

function open(recipe: Recipe) {
  const plan = planNetwork(recipe, [1, 64, 64], expressions);
  const { weights, report } = initialWeights(plan.network, plan.input, recipe);
  return { weights, report: report! };
}

function refusal(act: () => unknown): UserError {
  try {
    act();
  } catch (error) {
    expect(error, String(error)).toBeInstanceOf(UserError);
    expect((error as Error).message).not.toContain('\n');
    return error as UserError;
  }
  throw new Error('was accepted');
}

describe('init', () => {
  it('refuses weights of another network, many of which fit, and says whose they are', () => {
    const error = refusal(() => start(weightsFile('resnet50', narrow, { model: 'resnet50' }), 'resnet18-cbam'));
    expect(error.code).toBe('other-model');
    expect(error.message).toMatch(/^init .*resnet50\.safetensors: \d+ of its \d+ tensors fit model resnet18-cbam, .*the file says it is of model resnet50$/);
    expect(refusal(() => start(weightsFile('resnet34'), 'resnet18-cbam')).message).toMatch(/resnet34\.safetensors: \d+ of its \d+ tensors fit/);
  });

  it('takes what fits of another network where its import was asked for that', () => {
    const file = weightsFile('resnet34', narrow, { model: 'resnet18', partial: 'true' });
    expect(start(file, 'resnet18').report.used).toBeGreaterThan(50);
    // Made for another than this one, it is looked at as any file.
    expect(refusal(() => start(weightsFile('resnet34', narrow, { model: 'vgg16', partial: 'true' }), 'resnet18')).code).toBe('other-model');
  });

  it('of the same network with other options says which the file was imported with', () => {
    const options = { width: 0.125, batchNorm: true };
    const error = refusal(() => start(weightsFile('vgg16', narrow, { model: 'vgg16', options: '{"width":0.125}' }), 'vgg16', options));
    expect(error.message).toMatch(/; it was imported for modelOptions width=0\.125, the recipe has modelOptions width=0\.125, batchNorm=true$/);
  });

  it('names the model that fits best, where one does', () => {
    const file = weightsFile('mobilenetv2', {}, {});
    expect(refusal(() => start(file, 'efficientnet-b0', {})).message).toContain('model mobilenetv2 fits best');
  });

  it.each([['resnet18-cbam'], ['resnet18-patch-attention'], ['resnet18']])('takes those of ResNet-18 for %s: a new head and gates are drawn', (model) => {
    const { report, weights } = start(weightsFile('resnet18', narrow, { model: 'resnet18', source: 'timm/resnet18', licence: 'bsd-3-clause' }), model);
    expect(report.used).toBeGreaterThan(50);
    expect(report.fresh.every((name) => /cbam|fc|patches|attention|norm|classifier/.test(name))).toBe(true);
    expect(report.origin).toEqual({ name: 'timm/resnet18', licence: 'bsd-3-clause' });
    expect([...weights.keys()]).toHaveLength(report.used + report.fresh.length);
  });

  it('takes a network whose gates have another kernel, and draws the gates', () => {
    const { report } = start(weightsFile('resnet18-cbam', { ...narrow, kernel: 3 }), 'resnet18-cbam');
    expect(report.fresh.filter((name) => name.endsWith('spatial.conv.weight'))).toHaveLength(8);
  });

  it('takes a released model for its own recipe, every weight of it', () => {
    const file = fileURLToPath(new URL('mien-resnet.onnx', releasedModelsUrl));
    const { report } = open({ ...loadRecipe('mien-resnet'), init: file });
    expect(report.fresh).toEqual([]);
    expect(report.origin).toMatchObject({ name: 'mien-resnet', licence: 'MIT + BSD-3-Clause' });
  });

  it('refuses a model that was trained on images normalised otherwise', () => {
    const file = fileURLToPath(new URL('mien-resnet.onnx', releasedModelsUrl));
    const error = refusal(() => open({ ...loadRecipe('mien-resnet'), init: file, normalise: { mean: 0.5, std: 0.25 } }));
    expect(error.code).toBe('other-normalisation');
    expect(error.message).toMatch(/its weights are for images normalised with \{"mean":\[0\.485,.* the recipe says \{"mean":0\.5,"std":0\.25\}/);
  });

  it.each([
    ['normalise', '"imagenet"'],
    ['normalise', '{}'],
    ['normalise', '{'],
    ['options', '{'],
    ['options', '[1]'],
  ])('refuses a file whose metadata say %s %s', (key, said) => {
    const error = refusal(() => start(weightsFile('resnet18', narrow, { [key]: said }), 'resnet18'));
    expect(error.code).toBe('bad-metadata');
    expect(error.message).toContain(`its metadata say ${key} `);
  });

  it('refuses numbers that are none, naming the weight', () => {
    const file = weightsFile('resnet18', narrow, {}, (name, { shape, data }) => {
      if (name === 'layer2.0.conv1.weight') data[7] = Number.NaN;
      return { shape, data };
    });
    const error = refusal(() => start(file, 'resnet18'));
    expect(error.code).toBe('bad-weights');
    expect(error.message).toMatch(/weight layer2\.0\.conv1\.weight holds NaN/);
  });

  it('says of a file of which nothing fits what could be done', () => {
    const rename = weightsFile('resnet18', narrow, {}, (name, tensor) => (name.startsWith('fc') ? tensor : undefined));
    expect(refusal(() => start(rename, 'vgg16', { width: 0.125 })).message).toMatch(/none of its 2 weights fits the network .*mien weights import/);
  });
});
