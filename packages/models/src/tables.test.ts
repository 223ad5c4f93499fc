/** The layer tables of the published networks: every parameter count they state. */
import { describeNetwork, type NetworkSummary } from '@mien/engine';
import { describe, expect, it } from 'vitest';
import { architectures, findArchitecture } from './registry.ts';

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

describe('registry', () => {
  it('resnet18-48: 2.49 GFLOP', () => {
    expect((summaryOf('resnet18-48').flops / 1e9).toFixed(2)).toBe('2.49');
  });

  it('mien-seresnet stays within 1.6 M parameters', () => {
    const { params, flops } = summaryOf('mien-seresnet');
    expect(params.total).toBeLessThanOrEqual(1_600_000);
    expect(params.trainable).toBeLessThan(params.total);
    expect(flops).toBeGreaterThan(0);
  });

  it.each(architectures.map((a) => a.name))('%s: its rows add up to its total and end in one logit a class', (name) => {
    const { params, layers } = summaryOf(name);
    expect(layers.reduce((sum, l) => sum + l.params, 0)).toBe(params.total);
    expect(layers.at(-1)).toMatchObject({ type: 'dense', output: [7] });
    const names = layers.map((l) => l.name);
    expect(new Set(names).size).toBe(names.length);
    const found = findArchitecture(name)!;
    expect(describeNetwork(found.build({ classes: 3 }), found.input).layers.at(-1)!.output).toEqual([3]);
  });

  it('names are unique, and an unknown one is not found', () => {
    expect(new Set(architectures.map((a) => a.name)).size).toBe(architectures.length);
    expect(findArchitecture('resnet-1000')).toBeUndefined();
  });
});
