/** The bottleneck residual block (He et al. 2016, fig. 5 right), with the stride on its 3×3 convolution as torchvision has it. */
import { add, convNorm, type Net, relu, type Value } from '@mien/engine';
import { type BranchGates, gateBranch, hasGates } from './branch-gates.ts';
import { shortcutOf } from './shortcut.ts';

export interface BottleneckBlockOptions extends BranchGates {
  readonly width: number;
  readonly stride?: number;
  /** Starting scale of the branch's last norm; 0 starts the block as its shortcut. Default 1. */
  readonly lastGamma?: number;
}

/** 1×1 → 3×3 → 1×1 with 4·width channels out: x [N,C,H,W] → [N,4·width,H/stride,W/stride]. Weight names follow torchvision. */
export function bottleneckBlock(net: Net, x: Value, options: BottleneckBlockOptions): Value {
  const { width, stride = 1, lastGamma = 1 } = options;
  const channels = 4 * width;
  const pointwise = { kernel: 1, padding: 0 } as const;
  let y = convNorm(net, 'conv1', 'bn1', x, { channels: width, ...pointwise, activation: 'Relu' });
  y = convNorm(net, 'conv2', 'bn2', y, { channels: width, stride, activation: 'Relu' });
  const shortcut = shortcutOf(net, x, channels, stride);
  const last = { channels, ...pointwise, gamma: lastGamma };
  if (!hasGates(options)) return convNorm(net, 'conv3', 'bn3', y, { ...last, residual: shortcut, activation: 'Relu' });
  return relu(add(gateBranch(net, convNorm(net, 'conv3', 'bn3', y, last), options), shortcut));
}
