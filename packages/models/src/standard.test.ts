/** Standard networks have exactly the trainable parameters of torchvision's (1,000 classes, RGB). */
import { describeNetwork } from '@mien/engine';
import { expect, it } from 'vitest';
import { findArchitecture } from './registry.ts';

it.each([
  ['resnet18', 11_689_512, 1.814e9],
  ['resnet34', 21_797_672, 3.664e9],
  ['resnet50', 25_557_032, 4.089e9],
  ['vgg16', 138_357_544, 15.47e9],
  ['vgg19', 143_667_240, 19.632e9],
  ['mobilenetv2', 3_504_872, 0.301e9],
  ['efficientnet-b0', 5_288_548, 0.386e9],
])('%s: %i parameters', (name, parameters, multiplyAdds) => {
  const architecture = findArchitecture(name)!;
  const { params, flops, input } = describeNetwork(architecture.build({ classes: 1000 }), architecture.input);
  expect(input).toEqual([3, 224, 224]);
  expect(params.trainable).toBe(parameters);
  expect(flops / 2 / multiplyAdds).toBeCloseTo(1, 2);
});
