/**
 * `vgg16-bn`: VGG16 with batch norm after every convolution (Simonyan & Zisserman 2015, table 1 D) with torchvision's layout and weight names (BSD-3). Changed: at other
 * sizes than 224 the flattened map is taken as it is; other heads and CBAM as options. 138,365,992 parameters with 1,000 classes.
 * Measured result: docs/results.md.
 */
import { vgg16Depths } from '../blocks/vgg-base.ts';
import { defineVgg } from '../families/vgg.ts';

export const vgg16Bn = defineVgg({
  name: 'vgg16-bn',
  description: 'VGG16 with batch norm, torchvision layout',
  depths: vgg16Depths,
  defaults: { batchNorm: true },
});
