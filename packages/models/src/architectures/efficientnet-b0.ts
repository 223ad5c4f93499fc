/**
 * `efficientnet-b0` (Tan & Le 2019, table 1) with torchvision's layout and weight names (BSD-3); its squeeze-and-excitation
 * layers are dense here, 1×1 convolutions there. Changed: a stride-1 stem as an option. 5,288,548 parameters with 1,000
 * classes. Measured result: docs/results.md.
 */
import {
  add,
  convNorm,
  denseLayer,
  dropoutLayer,
  flatten,
  globalAveragePool,
  type Net,
  silu,
  squeezeExcite,
  stochasticDepthLayer,
  type Value,
} from '@mien/engine';
import { defineArchitecture } from '../architecture.ts';
import { mobileStem } from '../blocks/mobile-stem.ts';

/** [expansion, kernel, stride of the first, channels, blocks] */
const stages = [
  [1, 3, 1, 16, 1],
  [6, 3, 2, 24, 2],
  [6, 5, 2, 40, 2],
  [6, 3, 2, 80, 3],
  [6, 5, 1, 112, 3],
  [6, 5, 2, 192, 4],
  [6, 3, 1, 320, 1],
] as const;
const blockCount = stages.reduce((sum, [, , , , blocks]) => sum + blocks, 0);

interface MbConvOptions {
  readonly expansion: number;
  readonly kernel: number;
  readonly stride: number;
  readonly channels: number;
  readonly dropRate: number;
}

/** MBConv: 1×1 expansion → depthwise → squeeze-and-excitation (a quarter of the input's channels) → 1×1; a sum where shapes allow. */
function mbConv(net: Net, x: Value, { expansion, kernel, stride, channels, dropRate }: MbConvOptions): Value {
  const C = x.shape[1]!;
  const hidden = C * expansion;
  const block = net.scope('block');
  let y = x;
  let at = 0;
  if (expansion > 1) y = silu(convNorm(block, `${at}.0`, `${at++}.1`, y, { channels: hidden, kernel: 1, padding: 0 }));
  y = silu(convNorm(block, `${at}.0`, `${at++}.1`, y, { channels: hidden, kernel, stride, groups: hidden }));
  y = squeezeExcite(block, `${at++}`, y, Math.max(1, Math.floor(C / 4)), { bias: true, activation: silu });
  y = convNorm(block, `${at}.0`, `${at}.1`, y, { channels, kernel: 1, padding: 0 });
  if (stride !== 1 || C !== channels) return y;
  return add(x, dropRate > 0 ? stochasticDepthLayer(net, 'stochastic_depth', y, dropRate) : y);
}

export const efficientnetB0 = defineArchitecture({
  name: 'efficientnet-b0',
  description: 'EfficientNet-B0, torchvision layout',
  input: [3, 224, 224],
  smallest: ({ stem }) => (stem === 'imagenet' ? 32 : 16),
  options: {
    stem: mobileStem,
    dropout: { kind: 'number', default: 0.2, min: 0, max: 0.9, help: 'dropout before the classifier' },
    dropPath: { kind: 'number', default: 0.2, min: 0, max: 0.9, help: 'stochastic depth, growing from 0 at the first block to this behind the last' },
  },
  head: ['classifier'],
  network: (net, x, { stem, dropout, dropPath, classes }) => {
    const features = net.scope('features');
    let y = silu(convNorm(features, '0.0', '0.1', x, { channels: 32, stride: stem === 'imagenet' ? 2 : 1 }));
    let before = 0;
    for (const [stage, [expansion, kernel, stride, channels, blocks]] of stages.entries()) {
      for (let block = 0; block < blocks; block++) {
        const dropRate = (dropPath * before++) / blockCount;
        y = mbConv(features.scope(`${stage + 1}.${block}`), y, { expansion, kernel, stride: block === 0 ? stride : 1, channels, dropRate });
      }
    }
    y = silu(convNorm(features, '8.0', '8.1', y, { channels: 1280, kernel: 1, padding: 0 }));
    return denseLayer(net, 'classifier.1', dropoutLayer(net, 'classifier.0', flatten(globalAveragePool(y)), dropout), classes);
  },
});
