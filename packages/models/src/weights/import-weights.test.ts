import { buildNetwork, convLayer, convNorm, denseLayer, flatten, globalAveragePool, type Network, relativeError, relu, type Weights } from '@mien/engine';
import { sizeOf } from '@mien/onnx';
import { createSession } from '@mien/onnx/node';
import { UserError } from '@mien/runtime';
import { describe, expect, it } from 'vitest';
import { architectures, findArchitecture } from '../registry.ts';
import { bestFit, checkFit } from './check-fit.ts';
import { type ImportWeightsOptions, importWeights, type WeightImport } from './import-weights.ts';
import type { NamedTensor } from './safetensors.ts';
import { timmEfficientNet, timmMobileNet } from '../../test/timm-networks.ts';

type Tensors = Map<string, NamedTensor>;

/** Numbers that differ from place to place and from one `seed` to the next; variances stay positive. */
function numbers(name: string, length: number, seed: number): Float32Array {
  const scale = 1 / Math.sqrt(Math.max(1, length / 64));
  return Float32Array.from({ length }, (_, i) => {
    const wave = Math.sin(1 + i * 0.7391 + seed * 2.117);
    if (name.endsWith('running_var')) return 1 + 0.5 * wave;
    return name.includes('bn') && name.endsWith('.weight') ? 1 + 0.3 * wave : wave * Math.min(1, scale);
  });
}

/** A weights file of this network, as its own library would write it. */
function fileOf(network: Network, input: readonly number[]): Tensors {
  const { specs } = buildNetwork(network, input, { mode: 'infer', batch: 1 });
  return new Map(specs.map(({ name, shape }, i) => [name, { shape, data: numbers(name, sizeOf(shape), i) }]));
}

async function logitsOf(network: Network, input: readonly number[], weights: Weights, image: Float32Array): Promise<Float32Array> {
  const built = buildNetwork(network, input, { mode: 'infer', batch: 1, weights });
  built.graph.output('out', built.logits);
  const session = await createSession(built.graph.encode(), { threads: 1 });
  const { out } = await session.run({ image: { dtype: 'float32', shape: [1, ...input], data: image } });
  await session.release();
  return out!.data as Float32Array;
}

const data = (tensors: Tensors): Weights => new Map([...tensors].map(([name, t]) => [name, t.data]));
const picture = (size: number): Float32Array => Float32Array.from({ length: size }, (_, i) => Math.cos(i * 0.37) + Math.sin(i * 0.011));

/** A small network of the registry and a file that fits it. */
function resnetCase(options: Record<string, unknown> = {}): { network: Network; input: readonly [number, number, number]; tensors: Tensors } {
  const input = [3, 32, 32] as const;
  const network = findArchitecture('resnet18')!.build({ classes: 4, width: 0.125, ...options });
  return { network, input, tensors: fileOf(network, input) };
}

const take = (c: { network: Network; input: readonly number[] }, tensors: Tensors, options?: ImportWeightsOptions): WeightImport =>
  importWeights(c, tensors, options);

describe('names', () => {
  it('takes its own names whole, and ignores counters of batches', () => {
    const c = resnetCase();
    const tensors = new Map([...c.tensors, ['bn1.num_batches_tracked', { shape: [], data: Float32Array.of(7) }]]) as Tensors;
    const found = take(c, tensors);
    expect(found).toMatchObject({ dialect: 'torchvision', skipped: [], missing: [], reshaped: [], ignored: ['bn1.num_batches_tracked'] });
    for (const [name, t] of c.tensors) expect(found.weights.get(name), name).toBe(t.data);
    expect(found.used.length).toBe(c.tensors.size);
  });

  it.each(['module.', 'backbone.', 'model.', 'module.model.', '_orig_mod.module.'])('sees through the wrapper %s', (prefix) => {
    const c = resnetCase();
    const found = take(c, new Map([...c.tensors].map(([name, t]) => [prefix + name, t])));
    expect(found).toMatchObject({ skipped: [], missing: [] });
    expect(found.used[0]).toEqual({ from: `${prefix}conv1.weight`, to: 'conv1.weight' });
  });

  it('takes the first of two tensors of one name', () => {
    const c = resnetCase();
    const other = { shape: [4], data: new Float32Array(4) };
    const found = take(c, new Map([...c.tensors, ['module.fc.bias', other]]));
    expect(found.skipped).toEqual([expect.objectContaining({ name: 'module.fc.bias', reason: 'fc.bias came before' })]);
    expect(found.weights.get('fc.bias')).toBe(c.tensors.get('fc.bias')!.data);
  });

  it.each([
    ['efficientnet-b0', timmEfficientNet, 'timm EfficientNet', ['conv_reduce', 'conv_expand']],
    ['mobilenetv2', timmMobileNet, 'timm MobileNetV2', []],
  ] as const)('%s with timm’s names gives the logits of timm’s network', async (model, timm, dialect, pointwise) => {
    const input = [3, 64, 64];
    const tensors = new Map(
      [...fileOf(timm, input)].map(([name, t]): [string, NamedTensor] => {
        // timm's gates are 1×1 convolutions.
        const isGate = t.shape.length === 2 && pointwise.some((part) => name.includes(part));
        return [name, isGate ? { ...t, shape: [...t.shape, 1, 1] } : t];
      }),
    );
    const network = findArchitecture(model)!.build({ classes: 5 });
    const found = importWeights({ network, input }, tensors);
    expect(found).toMatchObject({ dialect, skipped: [], missing: [] });
    expect(found.reshaped.length).toBe(pointwise.length * 16);
    const image = picture(sizeOf(input));
    const expected = await logitsOf(timm, input, data(tensors), image);
    expect(Math.max(...expected.map(Math.abs))).toBeGreaterThan(1e-3);
    expect(relativeError(await logitsOf(network, input, found.weights, image), expected)).toBeLessThan(1e-5);
  });

  it('timm’s VGG keeps dense layers as convolutions', () => {
    const input = [3, 64, 64];
    const network = findArchitecture('vgg16')!.build({ classes: 5, hidden: 16 });
    const ours = fileOf(network, input);
    const renamed: [string, string][] = [
      ['classifier.0', 'pre_logits.fc1'],
      ['classifier.3', 'pre_logits.fc2'],
      ['classifier.6', 'head.fc'],
    ];
    const shapes: Record<string, number[]> = { 'pre_logits.fc1.weight': [16, 512, 2, 2], 'pre_logits.fc2.weight': [16, 16, 1, 1] };
    const tensors = new Map(
      [...ours].map(([name, t]) => {
        const theirs = renamed.reduce((n, [to, from]) => n.replace(to, from), name);
        return [theirs, { ...t, shape: shapes[theirs] ?? t.shape }];
      }),
    );
    const found = importWeights({ network, input }, tensors);
    expect(found).toMatchObject({ dialect: 'timm VGG', skipped: [], missing: [] });
    expect(found.reshaped.map(({ from }) => from)).toEqual(Object.keys(shapes));
    for (const [name, t] of ours) expect(found.weights.get(name), name).toBe(t.data);
  });

  it('torchvision’s vision transformer becomes timm’s', () => {
    const input = [3, 32, 32];
    const network = findArchitecture('vit-small')!.build({ classes: 5, dim: 32, depth: 2, heads: 2, patch: 8 });
    const theirs: Record<string, string> = {
      cls_token: 'class_token',
      pos_embed: 'encoder.pos_embedding',
      'patch_embed.proj.weight': 'conv_proj.weight',
      'blocks.1.norm1.weight': 'encoder.layers.encoder_layer_1.ln_1.weight',
      'blocks.1.attn.qkv.weight': 'encoder.layers.encoder_layer_1.self_attention.in_proj_weight',
      'blocks.1.attn.qkv.bias': 'encoder.layers.encoder_layer_1.self_attention.in_proj_bias',
      'blocks.1.attn.proj.bias': 'encoder.layers.encoder_layer_1.self_attention.out_proj.bias',
      'blocks.1.norm2.bias': 'encoder.layers.encoder_layer_1.ln_2.bias',
      'blocks.1.mlp.fc1.weight': 'encoder.layers.encoder_layer_1.mlp.linear_1.weight',
      'blocks.0.mlp.fc2.weight': 'encoder.layers.encoder_layer_0.mlp.3.weight',
      'norm.weight': 'encoder.ln.weight',
      'head.bias': 'heads.head.bias',
    };
    const ours = fileOf(network, input);
    const tensors = new Map(Object.entries(theirs).map(([to, from]) => [from, ours.get(to)!]));
    const found = importWeights({ network, input }, tensors);
    expect(found).toMatchObject({ dialect: 'torchvision ViT', skipped: [] });
    expect(Object.fromEntries(found.used.map(({ from, to }) => [to, from]))).toEqual(theirs);
  });
});

describe('shapes', () => {
  it('leaves out a classifier for other classes, and says so', () => {
    const c = resnetCase();
    const tensors = new Map([
      ...c.tensors,
      ['fc.weight', { shape: [1000, 64], data: new Float32Array(64_000) }],
      ['fc.bias', { shape: [1000], data: new Float32Array(1000) }],
    ]) as Tensors;
    const found = take(c, tensors);
    expect(found.skipped.map(({ name, reason }) => `${name}: ${reason}`)).toEqual([
      'fc.weight: it is [1000,64], the model has [4,64]',
      'fc.bias: it is [1000], the model has [4]',
    ]);
    expect(found.missing.map(({ name }) => name)).toEqual(['fc.weight', 'fc.bias']);
    expect(() => checkFit(found, tensors, { file: 'f', model: 'resnet18' }, architectures)).not.toThrow();
  });

  it('colour weights on grey images, and grey weights on colour ones, see the same', async () => {
    const colour = resnetCase();
    const grey = { network: findArchitecture('resnet18')!.build({ classes: 4, width: 0.125 }), input: [1, 32, 32] };
    const plane = picture(1024);
    const summed = take(grey, colour.tensors);
    expect(summed.reshaped).toEqual([{ from: 'conv1.weight', to: 'conv1.weight', how: 'summed over 3 input channels' }]);
    const repeated = Float32Array.from({ length: 3 * 1024 }, (_, i) => plane[i % 1024]!);
    const expected = await logitsOf(colour.network, [3, 32, 32], data(colour.tensors), repeated);
    expect(relativeError(await logitsOf(grey.network, [1, 32, 32], summed.weights, plane), expected)).toBeLessThan(1e-5);

    const greyFile = fileOf(grey.network, grey.input);
    const spread = take({ network: colour.network, input: [3, 32, 32] }, greyFile);
    expect(spread.reshaped[0]!.how).toBe('spread over 3 input channels');
    const expectedGrey = await logitsOf(grey.network, [1, 32, 32], data(greyFile), plane);
    expect(relativeError(await logitsOf(colour.network, [3, 32, 32], spread.weights, repeated), expectedGrey)).toBeLessThan(1e-5);
  });

  it('positions of another number of patches are interpolated; the class token stays', () => {
    const build = (side: number) => ({
      network: findArchitecture('vit-small')!.build({ classes: 4, dim: 8, depth: 1, heads: 1, patch: 8 }),
      input: [3, side, side],
    });
    const small = build(16);
    const tensors = fileOf(small.network, small.input);
    // 2×2 patches whose value is their column.
    tensors.set('pos_embed', { shape: [1, 5, 8], data: Float32Array.from({ length: 40 }, (_, i) => (i < 8 ? 9 : Math.floor(i / 8 - 1) % 2)) });
    const found = importWeights(build(32), tensors);
    expect(found.reshaped).toEqual([{ from: 'pos_embed', to: 'pos_embed', how: 'positions of 2×2 patches resized to 4×4' }]);
    const values = found.weights.get('pos_embed')!;
    expect(values.length).toBe(17 * 8);
    expect(Array.from({ length: 17 }, (_, t) => values[t * 8 + 3])).toEqual([9, ...[0, 1, 2, 3].flatMap(() => [0, 0.25, 0.75, 1])]);
    expect(importWeights(small, tensors).reshaped).toEqual([]);
  });

  it('shapes of no images do not fit', () => {
    const vit = { network: findArchitecture('vit-small')!.build({ classes: 4, dim: 8, depth: 1, heads: 1, patch: 8 }), input: [3, 32, 32] };
    const tensors = fileOf(vit.network, vit.input);
    for (const tables of [0, 2]) {
      tensors.set('pos_embed', { shape: [tables, 5, 8], data: new Float32Array(40 * tables) });
      expect(importWeights(vit, tensors).missing.map(({ name }) => name)).toContain('pos_embed');
    }
    const c = resnetCase();
    c.tensors.set('conv1.weight', { shape: [8, 0, 7, 7], data: new Float32Array(0) });
    expect(importWeights({ network: c.network, input: [1, 32, 32] }, c.tensors).missing.map(({ name }) => name)).toContain('conv1.weight');
  });

  it('a tensor that is not finite is refused by name', () => {
    const c = resnetCase();
    c.tensors.get('layer2.0.conv1.weight')!.data[3] = Number.NaN;
    expect(() => take(c, c.tensors)).toThrow(/tensor layer2\.0\.conv1\.weight holds NaN at 3/);
  });
});

describe('another normalisation', () => {
  const expects = { mean: [0.2, 0.3, 0.4], std: [0.2, 0.25, 0.3] };
  const gets = { mean: [0.5], std: [0.25] };
  const normed = (pixels: Float32Array, { mean, std }: { mean: number[]; std: number[] }): Float32Array => {
    const plane = mean.length === 1 ? pixels.length : pixels.length / 3;
    const at = (list: number[], c: number): number => list[Math.min(c, list.length - 1)]!;
    return pixels.map((v, i) => (v - at(mean, Math.floor(i / plane))) / at(std, Math.floor(i / plane)));
  };

  // Without padding, so that there are no borders at which it shows.
  it.each([
    ['a batch norm', (net, x) => denseLayer(net, 'fc', flatten(globalAveragePool(relu(convNorm(net, 'conv1', 'bn1', x, { channels: 8, padding: 0 })))), 4)],
    ['a bias', (net, x) => denseLayer(net, 'fc', flatten(globalAveragePool(relu(convLayer(net, 'conv1', x, { channels: 8, padding: 0 })))), 4)],
  ] as [string, Network][])('is taken up by the first convolution and %s behind it', async (_, network) => {
    const input = [3, 8, 8];
    const tensors = fileOf(network, input);
    const pixels = Float32Array.from({ length: 192 }, (_, i) => 0.5 + 0.5 * Math.sin(i));
    const expected = await logitsOf(network, input, data(tensors), normed(pixels, expects));
    const found = importWeights({ network, input }, tensors, { normalisation: { expects, gets } });
    expect(found.reshaped).toEqual([{ from: 'conv1.weight', to: 'conv1.weight', how: 'normalisation (v − 0.2/0.3/0.4) / 0.2/0.25/0.3 → (v − 0.5) / 0.25' }]);
    expect(relativeError(await logitsOf(network, input, found.weights, normed(pixels, gets)), expected)).toBeLessThan(1e-5);
    // The file itself is not changed.
    expect(relativeError(await logitsOf(network, input, data(tensors), normed(pixels, expects)), expected)).toBe(0);
  });

  it('is taken up by a stem that is stored flat', async () => {
    // A convolution over the whole picture is a dense layer to other writers.
    const network: Network = (net, x) => denseLayer(net, 'fc', flatten(relu(convLayer(net, 'conv1', x, { channels: 8, kernel: 8, padding: 0 }))), 4);
    const tensors = fileOf(network, [3, 8, 8]);
    const pixels = Float32Array.from({ length: 192 }, (_, i) => 0.5 + 0.5 * Math.sin(i));
    const expected = await logitsOf(network, [3, 8, 8], data(tensors), normed(pixels, expects));
    const flat = new Map([...tensors, ['conv1.weight', { shape: [8, 192], data: tensors.get('conv1.weight')!.data }]]) as Tensors;
    const found = importWeights({ network, input: [3, 8, 8] }, flat, { normalisation: { expects, gets } });
    expect(found.reshaped[0]!.how).toMatch(/^normalisation .* \[8,192\] read as \[8,3,8,8\]$/);
    expect(relativeError(await logitsOf(network, [3, 8, 8], found.weights, normed(pixels, gets)), expected)).toBeLessThan(1e-5);
  });

  it('is taken up channel by channel by grey weights that are spread over colours', async () => {
    const network: Network = (net, x) =>
      denseLayer(net, 'fc', flatten(globalAveragePool(relu(convNorm(net, 'conv1', 'bn1', x, { channels: 8, padding: 0 })))), 4);
    const tensors = fileOf(network, [1, 8, 8]);
    const plane = Float32Array.from({ length: 64 }, (_, i) => 0.5 + 0.5 * Math.sin(i));
    const grey = { mean: [0.507], std: [0.255] };
    const expected = await logitsOf(network, [1, 8, 8], data(tensors), normed(plane, grey));
    const found = importWeights({ network, input: [3, 8, 8] }, tensors, { normalisation: { expects: grey, gets: expects } });
    const colour = Float32Array.from([...plane, ...plane, ...plane]);
    expect(relativeError(await logitsOf(network, [3, 8, 8], found.weights, normed(colour, expects)), expected)).toBeLessThan(1e-5);
  });

  it('is refused of a file whose batch norm has no moving mean to take it up', () => {
    const network = findArchitecture('resnet18')!.build({ classes: 4, width: 0.125, channels: 3 });
    const tensors = new Map([...fileOf(network, [3, 32, 32])].filter(([name]) => !name.includes('running_')));
    expect(() => importWeights({ network, input: [3, 32, 32] }, tensors, { normalisation: { expects, gets } })).toThrow(
      /^conv1: the file has neither a bias nor the moving mean bn1\.running_mean that could take up the change of normalisation; /,
    );
  });

  it('leaves weights of grey images alone, of which `expects` does not tell', () => {
    const grey = { network: findArchitecture('resnet18')!.build({ classes: 4, width: 0.125 }), input: [1, 32, 32] };
    expect(take(grey, fileOf(grey.network, grey.input), { normalisation: { expects, gets } }).reshaped).toEqual([]);
  });
});

describe('weights of another model', () => {
  const of = (name: string, options: Record<string, string | number> = {}) => {
    const a = findArchitecture(name)!;
    return { network: a.build({ classes: 1000, ...options }), input: a.input };
  };
  /** A file of shapes without numbers, which is all that is looked at. */
  const shapesOf = (name: string): Tensors => {
    const { network, input } = of(name);
    return new Map(buildNetwork(network, input, { mode: 'infer', batch: 1 }).specs.map(({ name, shape }) => [name, { shape, data: new Float32Array(0) }]));
  };
  const check = (file: string, model: string): UserError | undefined => {
    const tensors = shapesOf(file);
    try {
      checkFit(importWeights(of(model), tensors), tensors, { file: `${file}.safetensors`, model }, architectures);
      return undefined;
    } catch (error) {
      expect(error).toBeInstanceOf(UserError);
      return error as UserError;
    }
  };

  it.each([
    ['resnet18', 'resnet18'],
    ['resnet18', 'resnet18-patch-attention'],
    ['resnet18', 'resnet18-cbam'],
    ['vgg16', 'vgg16-cbam'],
    ['inception-v3', 'inception-v3'],
  ])('%s fits %s', (file, model) => expect(check(file, model)).toBeUndefined());

  it.each([
    ['resnet34', 'resnet18', /the model has no layer1\.2\.conv1\.weight between its layers; model resnet34 fits best, 182 of 182$/],
    ['resnet18', 'resnet34', /the file has no layer1\.2\.conv1\.weight between its layers; model resnet18 fits best/],
    ['resnet50', 'resnet18', /resnet50\.safetensors: \d+ of its 267 tensors fit model resnet18.*model resnet50 fits best, 267 of 267/],
    ['vgg19', 'vgg16', /does not fit, it is \[512,256,3,3\]|between its layers/],
    ['resnet18', 'vgg16', /^resnet18\.safetensors: 0 of its 102 tensors fit model vgg16, which wants 32; model resnet18 fits best, 102 of 102$/],
    ['se-cnn', 'se-cnn-improved', /model se-cnn fits best/],
  ])('%s does not fit %s', (file, model, message) => {
    const error = check(file, model);
    expect(error?.code).toBe('other-model');
    expect(error?.message).toMatch(message);
  });

  it('a file that fits nothing says so', () => {
    const tensors = new Map([['x', { shape: [2], data: new Float32Array(2) }]]);
    expect(bestFit(tensors, architectures)).toBeUndefined();
    expect(() => checkFit(importWeights(of('resnet18'), tensors), tensors, { file: 'f', model: 'resnet18' }, architectures)).toThrow(
      'f: 0 of its 1 tensors fit model resnet18, which wants 102; no model of Mien fits it with its own options',
    );
  });
});
