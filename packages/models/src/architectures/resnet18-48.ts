/**
 * `resnet18-48`: ResNet-18 (He et al. 2016) for 48×48 grey faces: a 3×3 stride-1 stem and no max-pool, so that the
 * first stage sees all 48×48 pixels. 2.49 GFLOP an image. Our own stem on torchvision's layout (BSD-3).
 * Measured result: docs/results.md.
 */
import { resnet18Shape } from '../blocks/resnet-base.ts';
import { defineResnet } from '../families/resnet.ts';

export const resnet18Small = defineResnet({
  name: 'resnet18-48',
  description: 'ResNet-18 with a stride-1 stem and no max-pool, for small faces',
  shape: resnet18Shape,
  input: [1, 48, 48],
  defaults: { stem: 'small' },
});
