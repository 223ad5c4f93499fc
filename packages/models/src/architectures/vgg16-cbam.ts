/**
 * `vgg16-cbam`: system B. The base of VGG16 (Simonyan & Zisserman 2015, torchvision's layout and weight names, BSD-3), one
 * CBAM (Woo et al. 2018) on its 512×7×7 map, kernel 3, reduction 8, biases: 66,131 parameters; then global average pooling
 * and two hidden layers of 512. System B's next step, CBAM after every convolution: `cbam: every-convolution`.
 * Measured result: docs/results.md (published with VGGFace weights: FER2013 70.78 % public, 71.43 % private).
 */
import { vgg16Depths } from '../blocks/vgg-base.ts';
import { defineVgg } from '../families/vgg.ts';

export const vgg16Cbam = defineVgg({
  name: 'vgg16-cbam',
  description: 'VGG16 with CBAM and global average pooling (system B)',
  depths: vgg16Depths,
  defaults: { cbam: 'after-base', head: 'gap', hidden: 512 },
});
