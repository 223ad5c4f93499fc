/**
 * `resnet18-cbam`: system E. ResNet-18 (He et al. 2016, torchvision's layout and weight names, BSD-3) with CBAM
 * (Woo et al. 2018) in every block, reduction 16, kernel 7, and dropout before the classifier, whose rate the system does
 * not give. For 48×48 faces: `stem: small`, and a `width` that fits the time there is.
 * Measured result: docs/results.md (published: FER2013 test 70.0 %, macro-F1 0.68).
 */
import { resnet18Shape } from '../blocks/resnet-base.ts';
import { defineResnet } from '../families/resnet.ts';

export const resnet18Cbam = defineResnet({
  name: 'resnet18-cbam',
  description: 'ResNet-18 with CBAM in every block (system E)',
  shape: resnet18Shape,
  defaults: { cbam: 'every-block', dropout: 0.2 },
});
