/**
 * The convolutional base of VGG (Simonyan & Zisserman 2015, table 1) with torchvision's weight names (BSD-3): `features.0`…,
 * where convolutions, norms, ReLUs and pools are counted in one sequence. CBAM's weights stand beside them, uncounted.
 */
import { convLayer, maxPool, type Net, normLayer, relu, type Value } from '@mien/engine';
import type { OptionSpecs, OptionValues } from '../options.ts';
import { cbamOf } from './branch-gates.ts';
import { scaleWidth } from './scale-width.ts';

export const vggBaseOptions = {
  width: { kind: 'number', default: 1, min: 0.125, max: 2, help: 'factor on all channel counts, rounded to multiples of 8; pretrained weights need 1' },
  batchNorm: { kind: 'flag', default: false, help: 'batch norm after every convolution' },
  cbam: {
    kind: 'choice',
    default: 'none',
    choices: ['none', 'after-base', 'every-convolution'],
    help: 'where CBAM stands (Woo et al. 2018); every-convolution wants batchNorm, or its gates shrink the signal away',
  },
  reduction: { kind: 'integer', default: 8, min: 1, max: 64, help: 'channels ÷ hidden units of CBAM (8: system B)' },
  kernel: { kind: 'choice', default: 3, choices: [3, 5, 7], help: 'side of the window of CBAM’s spatial attention (3: system B)' },
} as const satisfies OptionSpecs;

/** Convolutions of each stage. */
export const vgg16Depths = [2, 2, 3, 3, 3];
export const vgg19Depths = [2, 2, 4, 4, 4];
const widths = [64, 128, 256, 512, 512];

/** Its five pools halve 32 pixels to one. */
export const smallestForVgg = 32;

/** x [N,C,H,W] → [N,512·width,⌊H/32⌋,⌊W/32⌋]. */
export function vggBase(net: Net, x: Value, depths: readonly number[], options: OptionValues<typeof vggBaseOptions>): Value {
  const { width, batchNorm, reduction, kernel } = options;
  let y = x;
  let at = 0;
  for (const [stage, depth] of depths.entries()) {
    for (let i = 0; i < depth; i++) {
      const name = `features.${at}`;
      y = convLayer(net, name, y, { channels: scaleWidth(widths[stage]!, width) });
      y = batchNorm ? normLayer(net, `features.${at + 1}`, y, { activation: 'Relu' }) : relu(y);
      if (options.cbam === 'every-convolution') y = cbamOf(net.scope(name), y, { reduction, kernel });
      at += batchNorm ? 3 : 2;
    }
    y = maxPool(y);
    at++;
  }
  return options.cbam === 'after-base' ? cbamOf(net, y, { reduction, kernel }) : y;
}
