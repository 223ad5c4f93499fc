/**
 * `resnet18`: ResNet-18 (He et al. 2016, table 1) with torchvision's layout and weight names (BSD-3). Changed: nothing by default; other
 * stems and widths, SE, CBAM and a transformer head as options. 11,689,512 parameters with 1,000 classes. Measured result: docs/results.md.
 */
import { resnet18Shape } from '../blocks/resnet-base.ts';
import { defineResnet } from '../families/resnet.ts';

export const resnet18 = defineResnet({ name: 'resnet18', description: 'ResNet-18, torchvision layout', shape: resnet18Shape });
