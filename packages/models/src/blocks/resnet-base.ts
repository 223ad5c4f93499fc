/**
 * The convolutional base of residual networks (He et al. 2016, table 1) with torchvision's weight names (BSD-3): `conv1`,
 * `bn1`, `layer1.0.conv1`… What a recipe can change, beyond the paper: width, stem, gates in every block or after the base.
 */
import { convNorm, maxPool, type Net, type Value } from '@mien/engine';
import type { OptionSpecs, OptionValues } from '../options.ts';
import { bottleneckBlock } from './bottleneck-block.ts';
import { type BranchGates, cbamOf } from './branch-gates.ts';
import { residualBlock } from './residual-block.ts';
import { scaleWidth } from './scale-width.ts';

export const resnetOptions = {
  width: { kind: 'number', default: 1, min: 0.125, max: 4, help: 'factor on all channel counts, rounded to multiples of 8; pretrained weights need 1' },
  stem: {
    kind: 'choice',
    default: 'imagenet',
    choices: ['imagenet', 'small'],
    help: 'imagenet: 7×7 stride 2, then max-pool; small: 3×3 stride 1 without max-pool, for faces near 48×48',
  },
  cbam: { kind: 'choice', default: 'none', choices: ['none', 'after-base', 'every-block'], help: 'where CBAM stands (Woo et al. 2018)' },
  reduction: { kind: 'integer', default: 16, min: 1, max: 64, help: 'channels ÷ hidden units of CBAM and of squeeze-and-excitation' },
  kernel: { kind: 'choice', default: 7, choices: [3, 5, 7], help: 'side of the window of CBAM’s spatial attention' },
  se: { kind: 'flag', default: false, help: 'squeeze-and-excitation in every block, before CBAM (Hu et al. 2018)' },
  zeroInit: { kind: 'flag', default: false, help: 'every residual branch starts at zero (Goyal et al. 2017), which helps a start from scratch' },
} as const satisfies OptionSpecs;

export interface ResnetShape {
  /** Blocks of each stage. */
  readonly depths: readonly number[];
  readonly bottleneck?: boolean;
}

export const resnet18Shape: ResnetShape = { depths: [2, 2, 2, 2] };

/** Fewest pixels that leave the last stage one of its own: its stride, 2 for each stage but the first, times the stem's. */
export function smallestForResnet({ depths }: ResnetShape, { stem }: Pick<OptionValues<typeof resnetOptions>, 'stem'>): number {
  return 2 ** (depths.length - 1) * (stem === 'imagenet' ? 4 : 1);
}

/** x [N,C,H,W] → [N, 64·2^(stages−1)·width (4 times that with bottlenecks), H', W']. */
export function resnetBase(net: Net, x: Value, { depths, bottleneck }: ResnetShape, options: OptionValues<typeof resnetOptions>): Value {
  const { width, stem, reduction } = options;
  const attention = { reduction, kernel: options.kernel };
  const gates: BranchGates = {
    seReduction: options.se ? reduction : undefined,
    cbam: options.cbam === 'every-block' ? attention : undefined,
  };
  const channels = scaleWidth(64, width);
  let y =
    stem === 'small'
      ? convNorm(net, 'conv1', 'bn1', x, { channels, activation: 'Relu' })
      : maxPool(convNorm(net, 'conv1', 'bn1', x, { channels, kernel: 7, stride: 2, activation: 'Relu' }), 3, { stride: 2, padding: 1 });
  for (const [stage, depth] of depths.entries()) {
    const stageWidth = scaleWidth(64 * 2 ** stage, width);
    for (let at = 0; at < depth; at++) {
      const inner = net.scope(`layer${stage + 1}.${at}`);
      const stride = stage > 0 && at === 0 ? 2 : 1;
      const block = { stride, lastGamma: options.zeroInit ? 0 : 1, ...gates };
      y = bottleneck ? bottleneckBlock(inner, y, { width: stageWidth, ...block }) : residualBlock(inner, y, { channels: stageWidth, ...block });
    }
  }
  return options.cbam === 'after-base' ? cbamOf(net, y, attention) : y;
}
