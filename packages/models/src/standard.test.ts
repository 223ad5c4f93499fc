/** Standard networks have exactly the trainable parameters of torchvision's and timm's (1,000 classes, RGB), under their names. */
import { buildNetwork, describeNetwork } from '@mien/engine';
import { describe, expect, it } from 'vitest';
import { findArchitecture } from './registry.ts';

/** Shapes by weight name, statistics included. */
function weightShapes(name: string): Map<string, string> {
  const architecture = findArchitecture(name)!;
  const { specs } = buildNetwork(architecture.build({ classes: 1000 }), architecture.input, { mode: 'infer', batch: 1 });
  return new Map(specs.map((spec) => [spec.name, spec.shape.join()]));
}

describe('standard networks', () => {
  it.each([
    ['resnet18', 11_689_512, 1.814e9],
    ['resnet34', 21_797_672, 3.664e9],
    ['resnet50', 25_557_032, 4.089e9],
    ['vgg16', 138_357_544, 15.47e9],
    ['vgg19', 143_667_240, 19.632e9],
    ['vgg16-bn', 138_365_992, 15.47e9],
    ['vgg19-bn', 143_678_248, 19.632e9],
    ['mobilenetv2', 3_504_872, 0.301e9],
    ['efficientnet-b0', 5_288_548, 0.386e9],
    // torchvision's figure, 27,161,264, holds the auxiliary head: convolutions 98,304 + 2,457,600, norms 1,792, dense 769,000.
    ['inception-v3', 27_161_264 - 98_304 - 2_457_600 - 1_792 - 769_000, 5.713e9],
  ])('%s: %i parameters', (name, parameters, multiplyAdds) => {
    const architecture = findArchitecture(name)!;
    const { params, flops, input } = describeNetwork(architecture.build({ classes: 1000 }), architecture.input);
    expect(input.slice(0, 1)).toEqual([3]);
    expect(params.trainable).toBe(parameters);
    expect(flops / 2 / multiplyAdds).toBeCloseTo(1, 2);
  });

  it('vit-small: 22,050,664 parameters; 4.24 G multiply-adds in its matrices, and attention itself', () => {
    const architecture = findArchitecture('vit-small')!;
    const { params, flops } = describeNetwork(architecture.build({ classes: 1000 }), architecture.input);
    expect(params.trainable).toBe(22_050_664);
    const [T, D, blocks] = [197, 384, 12];
    const matrices = 196 * 768 * D + blocks * T * D * D * (3 + 1 + 4 + 4) + 1000 * D;
    expect(flops / 2).toBe(matrices + blocks * 2 * T * T * D);
  });

  it.each([
    [
      'resnet18',
      {
        'conv1.weight': '64,3,7,7',
        'bn1.running_mean': '64',
        'layer1.0.conv1.weight': '64,64,3,3',
        'layer2.0.downsample.0.weight': '128,64,1,1',
        'layer4.1.bn2.weight': '512',
        'fc.weight': '1000,512',
      },
    ],
    ['resnet50', { 'layer1.0.conv3.weight': '256,64,1,1', 'layer1.0.downsample.1.bias': '256', 'layer3.5.bn3.running_var': '1024', 'fc.bias': '1000' }],
    ['vgg16', { 'features.0.weight': '64,3,3,3', 'features.28.bias': '512', 'classifier.0.weight': '4096,25088', 'classifier.6.weight': '1000,4096' }],
    [
      'vgg19-bn',
      {
        'features.0.bias': '64',
        'features.1.running_mean': '64',
        'features.49.weight': '512,512,3,3',
        'features.50.weight': '512',
        'classifier.3.bias': '4096',
      },
    ],
    [
      'inception-v3',
      {
        'Conv2d_1a_3x3.conv.weight': '32,3,3,3',
        'Mixed_5b.branch_pool.bn.weight': '32',
        'Mixed_6a.branch3x3dbl_3.conv.weight': '96,96,3,3',
        'Mixed_6b.branch7x7dbl_4.conv.weight': '128,128,7,1',
        'Mixed_6e.branch7x7_2.conv.weight': '192,192,1,7',
        'Mixed_7a.branch7x7x3_4.bn.bias': '192',
        'Mixed_7c.branch3x3dbl_3b.conv.weight': '384,384,3,1',
        'fc.weight': '1000,2048',
      },
    ],
    [
      'mobilenetv2',
      {
        'features.0.0.weight': '32,3,3,3',
        'features.1.conv.1.weight': '16,32,1,1',
        'features.2.conv.1.0.weight': '96,1,3,3',
        'features.17.conv.3.running_var': '320',
        'features.18.1.bias': '1280',
        'classifier.1.weight': '1000,1280',
      },
    ],
    [
      'efficientnet-b0',
      {
        'features.1.0.block.1.fc1.bias': '8',
        'features.2.0.block.3.0.weight': '24,96,1,1',
        'features.7.0.block.1.0.weight': '1152,1,3,3',
        'features.8.0.weight': '1280,320,1,1',
        'classifier.1.bias': '1000',
      },
    ],
    [
      'vit-small',
      {
        cls_token: '1,1,384',
        pos_embed: '1,197,384',
        'patch_embed.proj.weight': '384,3,16,16',
        'blocks.0.attn.qkv.weight': '1152,384',
        'blocks.11.attn.proj.bias': '384',
        'blocks.5.mlp.fc1.weight': '1536,384',
        'blocks.5.norm2.bias': '384',
        'norm.weight': '384',
        'head.weight': '1000,384',
      },
    ],
  ])('%s: weights are named and shaped as in the published files', (name, expected) => {
    expect(Object.fromEntries(weightShapes(name))).toMatchObject(expected);
  });
});
