/**
 * `vgg19`: VGG19 (Simonyan & Zisserman 2015, table 1 E) with torchvision's layout and weight names (BSD-3). Changed: at other
 * sizes than 224 the flattened map is taken as it is; other heads and CBAM as options. 143,667,240 parameters with 1,000 classes.
 * Measured result: docs/results.md.
 */
import { vgg19Depths } from '../blocks/vgg-base.ts';
import { defineVgg } from '../families/vgg.ts';

export const vgg19 = defineVgg({ name: 'vgg19', description: 'VGG19, torchvision layout with its dense head', depths: vgg19Depths });
