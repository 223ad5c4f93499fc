/**
 * `vgg19-bn`: VGG19 with batch norm after every convolution (Simonyan & Zisserman 2015, table 1 E) with torchvision's layout and weight names (BSD-3). Changed: at other
 * sizes than 224 the flattened map is taken as it is; other heads and CBAM as options. 143,678,248 parameters with 1,000 classes.
 * Measured result: docs/results.md.
 */
import { vgg19Depths } from '../blocks/vgg-base.ts';
import { defineVgg } from '../families/vgg.ts';

export const vgg19Bn = defineVgg({
  name: 'vgg19-bn',
  description: 'VGG19 with batch norm, torchvision layout',
  depths: vgg19Depths,
  defaults: { batchNorm: true },
});
