/**
 * `vgg16`: VGG16 (Simonyan & Zisserman 2015, table 1 D) with torchvision's layout and weight names (BSD-3). Changed: at other
 * sizes than 224 the flattened map is taken as it is; other heads and CBAM as options. 138,357,544 parameters with 1,000 classes.
 * Measured result: docs/results.md.
 */
import { vgg16Depths } from '../blocks/vgg-base.ts';
import { defineVgg } from '../families/vgg.ts';

export const vgg16 = defineVgg({ name: 'vgg16', description: 'VGG16, torchvision layout with its dense head', depths: vgg16Depths });
