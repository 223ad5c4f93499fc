/**
 * `resnet18-regions`: ResNet-18 (He et al. 2016, torchvision's layout and weight names, BSD-3) under a transformer head over
 * face regions (blocks of Dosovitskiy et al. 2021): the cells of the last map attend to each other before a class token
 * is read. System B names it as future work. Measured result: docs/results.md.
 */
import { resnet18Shape } from '../blocks/resnet-base.ts';
import { defineResnet } from '../families/resnet.ts';

export const resnet18Regions = defineResnet({
  name: 'resnet18-regions',
  description: 'ResNet-18 with a transformer head over face regions',
  shape: resnet18Shape,
  defaults: { head: 'transformer', dropout: 0.1 },
});
