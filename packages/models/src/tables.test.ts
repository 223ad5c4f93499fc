/** The layer tables of the five systems and of our own networks: every parameter count they state. */
import { describeNetwork, type NetworkSummary } from '@mien/engine';
import { describe, expect, it } from 'vitest';
import { findArchitecture } from './registry.ts';

function summaryOf(name: string): NetworkSummary {
  const found = findArchitecture(name)!;
  return describeNetwork(found.build({ classes: 7 }), found.input);
}

/** [type, output, parameters] of the layers that have some. */
const weighed = (name: string) =>
  summaryOf(name)
    .layers.filter((l) => l.params > 0)
    .map((l) => [l.type, l.output, l.params]);
/** Parameters of the two dense layers of each squeeze-and-excitation block. */
const squeezes = (name: string) =>
  summaryOf(name)
    .layers.filter((l) => /\.fc[12]$/.test(l.name))
    .map((l) => l.params);
const plain = (name: string) =>
  summaryOf(name)
    .layers.filter((l) => l.params > 0 && !/\.fc[12]$/.test(l.name))
    .map((l) => [l.type, l.output, l.params]);

describe('system C', () => {
  it('shallow-cnn', () => {
    expect(weighed('shallow-cnn')).toEqual([
      ['conv', [32, 48, 48], 320],
      ['batch-norm', [32, 48, 48], 128],
      ['conv', [64, 48, 48], 18_496],
      ['batch-norm', [64, 48, 48], 256],
      ['dense', [512], 18_874_880],
      ['dense', [7], 3_591],
    ]);
    expect(summaryOf('shallow-cnn').params).toEqual({ total: 18_897_671, trainable: 18_897_671 - 2 * 32 - 2 * 64 });
  });

  it('deeper-cnn', () => {
    expect(weighed('deeper-cnn')).toEqual([
      ['conv', [64, 48, 48], 640],
      ['batch-norm', [64, 48, 48], 256],
      ['conv', [128, 24, 24], 204_928],
      ['batch-norm', [128, 24, 24], 512],
      ['conv', [512, 12, 12], 590_336],
      ['batch-norm', [512, 12, 12], 2_048],
      ['conv', [512, 6, 6], 2_359_808],
      ['batch-norm', [512, 6, 6], 2_048],
      ['dense', [256], 1_179_904],
      ['batch-norm', [256, 1, 1], 1_024],
      ['dense', [512], 131_584],
      ['batch-norm', [512, 1, 1], 2_048],
      ['dense', [7], 3_591],
    ]);
    expect(summaryOf('deeper-cnn').params.total).toBe(4_478_727);
  });

  it('se-cnn', () => {
    expect(squeezes('se-cnn')).toEqual([256, 256, 1_024, 1_024, 16_384, 16_384, 16_384, 16_384]);
    expect(plain('se-cnn')).toEqual([
      ['conv', [64, 48, 48], 640],
      ['batch-norm', [64, 48, 48], 256],
      ['conv', [128, 48, 48], 73_856],
      ['batch-norm', [128, 48, 48], 512],
      ['conv', [512, 24, 24], 590_336],
      ['batch-norm', [512, 24, 24], 2_048],
      ['conv', [512, 12, 12], 2_359_808],
      ['batch-norm', [512, 12, 12], 2_048],
      ['dense', [256], 4_718_848],
      ['batch-norm', [256, 1, 1], 1_024],
      ['dense', [512], 131_584],
      ['batch-norm', [512, 1, 1], 2_048],
      ['dense', [7], 3_591],
    ]);
    expect(summaryOf('se-cnn').params.total).toBe(7_954_695);
  });

  it('se-cnn-improved', () => {
    expect(squeezes('se-cnn-improved')).toEqual([64, 64, 256, 256, 1_024, 1_024, 1_024, 1_024]);
    expect(plain('se-cnn-improved')).toEqual([
      ['conv', [32, 48, 48], 320],
      ['batch-norm', [32, 48, 48], 128],
      ['conv', [64, 48, 48], 18_496],
      ['batch-norm', [64, 48, 48], 256],
      ['conv', [128, 24, 24], 73_856],
      ['batch-norm', [128, 24, 24], 512],
      ['conv', [128, 12, 12], 147_584],
      ['batch-norm', [128, 12, 12], 512],
      ['dense', [1024], 4_719_616],
      ['batch-norm', [1024, 1, 1], 4_096],
      ['dense', [256], 262_400],
      ['batch-norm', [256, 1, 1], 1_024],
      ['dense', [7], 1_799],
    ]);
    const { params, flops } = summaryOf('se-cnn-improved');
    expect(params.total).toBe(5_235_335);
    expect((flops / 1e9).toFixed(3)).toBe('0.224');
  });
});

describe('system A', () => {
  const name = 'resnet18-patch-attention';

  it('goes from 256×14×14 over 4 patches to one vector', () => {
    const { layers } = summaryOf(name);
    const outputs = new Map(layers.map((l) => [l.name, l.output]));
    expect(outputs.get('layer3.1.conv2')).toEqual([256, 14, 14]);
    expect(outputs.get('cbam.channel')).toEqual([256, 14, 14]);
    expect(outputs.get('patches.separable1.pointwise')).toEqual([256, 4, 4]);
    expect(outputs.get('patches.pointwise')).toEqual([256, 2, 2]);
    expect(outputs.get('attention')).toEqual([4, 256]);
    expect(outputs.get('classifier')).toEqual([7]);
  });

  it('adds to ResNet-18 up to layer3: CBAM, patch extraction, attention, norm, classifier', () => {
    const { params } = summaryOf(name);
    const base = 2_782_784;
    const cbam = 2 * 256 * 16 + 16 + 256 + 2 * 49 + 1;
    const patches = 256 * 16 + 256 * 256 + 256 + 256 * 4 + 256 * 256 + 256 + 256 * 256 + 256;
    const attention = 3 * (256 * 256 + 256);
    expect(params.trainable).toBe(base + cbam + patches + attention + 2 * 256 + 7 * 256 + 7);
  });
});

describe('system B', () => {
  const parameters = (options: object): number =>
    describeNetwork(findArchitecture('vgg16-cbam')!.build({ classes: 7, ...options }), [3, 224, 224]).params.total;

  it('its CBAM on 512×7×7 has 66,131 parameters', () => {
    const cbam = summaryOf('vgg16-cbam').layers.filter((l) => l.name.startsWith('cbam.'));
    expect(cbam.map((l) => l.output)).toEqual([
      [512, 7, 7],
      [1, 7, 7],
    ]);
    expect(cbam.reduce((sum, l) => sum + l.params, 0)).toBe(66_131);
    expect(parameters({}) - parameters({ cbam: 'none' })).toBe(66_131);
  });

  it('its head: two hidden layers of 512 behind global average pooling, dropout before each', () => {
    const { layers } = summaryOf('vgg16-cbam');
    const head = layers.filter((l) => l.name.startsWith('head.'));
    expect(head.map((l) => [l.type, l.output[0], l.params])).toEqual([
      ['dropout', 512, 0],
      ['dense', 512, 262_656],
      ['dropout', 512, 0],
      ['dense', 512, 262_656],
      ['dense', 7, 3_591],
    ]);
  });
});

describe('system E', () => {
  it('resnet18-cbam: CBAM in each of the eight blocks, reduction 16, kernel 7', () => {
    const { layers } = summaryOf('resnet18-cbam');
    const channels = layers.filter((l) => l.type === 'channel-attention');
    expect(channels.map((l) => l.name)).toEqual([1, 2, 3, 4].flatMap((stage) => [`layer${stage}.0.cbam.channel`, `layer${stage}.1.cbam.channel`]));
    expect(channels.at(-1)!.params).toBe(2 * 512 * 32 + 32 + 512);
    expect(layers.filter((l) => l.name.endsWith('cbam.spatial.conv')).map((l) => l.params)).toEqual(new Array(8).fill(2 * 49 + 1));
  });
});

describe('our own', () => {
  it('resnet18-48: 2.49 GFLOP', () => {
    expect((summaryOf('resnet18-48').flops / 1e9).toFixed(2)).toBe('2.49');
  });

  it.each([
    ['mien-seresnet', 1_600_000, 0.26e9],
    ['mien-net', 1_500_000, 0.26e9],
    ['mien-net-small', 800_000, 0.12e9],
  ])('%s stays within %i parameters and %d operations', (name, parameters, operations) => {
    const { params, flops } = summaryOf(name);
    expect(params.total).toBeLessThanOrEqual(parameters);
    expect(params.trainable).toBeLessThan(params.total);
    expect(flops).toBeLessThanOrEqual(operations);
    expect(flops).toBeGreaterThan(operations / 2);
  });
});
