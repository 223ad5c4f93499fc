/**
 * `resnet50`: ResNet-50 (He et al. 2016, table 1) with torchvision's layout and weight names (BSD-3), which strides in the 3×3 convolution (v1.5). Changed: nothing by default;
 * other stems and widths, SE, CBAM and a transformer head as options. 25,557,032 parameters with 1,000 classes. Measured result: docs/results.md.
 */
import { defineResnet } from '../families/resnet.ts';

export const resnet50 = defineResnet({
  name: 'resnet50',
  description: 'ResNet-50 (v1.5), torchvision layout',
  shape: { depths: [3, 4, 6, 3], bottleneck: true },
});
