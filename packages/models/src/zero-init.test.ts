import { buildNetwork } from '@mien/engine';
import { expect, it } from 'vitest';
import { randomSource } from '../test/random.ts';
import { findArchitecture } from './registry.ts';

it.each([
  ['resnet18', /\.bn2\.weight$/],
  ['resnet50', /\.bn3\.weight$/],
  ['resnet18-cbam', /\.bn2\.weight$/],
])('%s: zeroInit starts the last norm of every residual branch at zero, and only that', (name, lastNorm) => {
  const architecture = findArchitecture(name)!;
  const zeros = (options: { zeroInit?: boolean }): string[] => {
    const { specs } = buildNetwork(architecture.build({ classes: 7, width: 0.25, ...options }), [3, 64, 64], { mode: 'infer', batch: 1 });
    return specs
      .filter((spec) => spec.name.endsWith('.weight') && spec.initializer(spec.shape, randomSource(1)).every((v) => v === 0))
      .map((spec) => spec.name);
  };
  expect(zeros({})).toEqual([]);
  const blocks = name === 'resnet50' ? 16 : 8;
  expect(zeros({ zeroInit: true }).filter((weight) => lastNorm.test(weight))).toHaveLength(blocks);
  expect(zeros({ zeroInit: true })).toHaveLength(blocks);
});
