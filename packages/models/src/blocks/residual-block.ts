/** The basic residual block (He et al. 2016, fig. 2): relu(x' + gate(BN(conv(relu(BN(conv x)))))). */
import { add, convNorm, type Net, relu, stochasticDepthLayer, type Value } from '@mien/engine';
import { type BranchGates, gateBranch, hasGates } from './branch-gates.ts';
import { type Shortcut, shortcutOf } from './shortcut.ts';

export interface ResidualBlockOptions extends BranchGates {
  readonly channels: number;
  readonly stride?: number;
  /** How the sum's other side changes shape. Default `strided`, as published. */
  readonly shortcut?: Shortcut;
  /** Starting scale of the branch's last norm; 0 starts the block as its shortcut. Default 1. */
  readonly lastGamma?: number;
  /** Chance that a sample skips the branch while training (Huang et al. 2016). Default 0. */
  readonly dropRate?: number;
}

/** Weight names follow torchvision: conv1, bn1, conv2, bn2, downsample.0, downsample.1. x [N,C,H,W] → [N,channels,H/stride,W/stride]. */
export function residualBlock(net: Net, x: Value, options: ResidualBlockOptions): Value {
  const { channels, stride = 1, lastGamma = 1, dropRate = 0 } = options;
  const inner = convNorm(net, 'conv1', 'bn1', x, { channels, stride, activation: 'Relu' });
  const shortcut = shortcutOf(net, x, channels, stride, options.shortcut);
  if (!hasGates(options) && dropRate === 0) {
    return convNorm(net, 'conv2', 'bn2', inner, { channels, residual: shortcut, activation: 'Relu', gamma: lastGamma });
  }
  const branch = gateBranch(net, convNorm(net, 'conv2', 'bn2', inner, { channels, gamma: lastGamma }), options);
  return relu(add(dropRate > 0 ? stochasticDepthLayer(net, 'drop', branch, dropRate) : branch, shortcut));
}
