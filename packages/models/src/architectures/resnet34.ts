/**
 * `resnet34`: ResNet-34 (He et al. 2016, table 1) with torchvision's layout and weight names (BSD-3). Changed: nothing by default;
 * other stems and widths, SE, CBAM and a transformer head as options. 21,797,672 parameters with 1,000 classes. Measured result: docs/results.md.
 */
import { defineResnet } from '../families/resnet.ts';

export const resnet34 = defineResnet({ name: 'resnet34', description: 'ResNet-34, torchvision layout', shape: { depths: [3, 4, 6, 3] } });
