/**
 * `mobilenetv2`: inverted residuals with linear bottlenecks (Sandler et al. 2018, table 2) with torchvision's layout and
 * weight names (BSD-3). 3,504,872 parameters with 1,000 classes. Changed: nothing by default; as options width, a stride-1
 * stem, and the variant of MXNet Gluon, whose first block expands too. Measured result: docs/results.md.
 */
import { add, convNorm, denseLayer, dropoutLayer, flatten, globalAveragePool, type Net, relu, relu6, type Value } from '@mien/engine';
import { defineArchitecture } from '../architecture.ts';
import { mobileStem } from '../blocks/mobile-stem.ts';
import { scaleWidth } from '../blocks/scale-width.ts';

/** [expansion, channels, blocks, stride of the first] */
const stages = [
  [1, 16, 1, 1],
  [6, 24, 2, 2],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1],
] as const;

interface InvertedResidualOptions {
  readonly expansion: number;
  /** Whether there is a 1×1 expansion even where it does not widen. */
  readonly alwaysExpands: boolean;
  readonly channels: number;
  readonly stride: number;
  readonly activation: (x: Value) => Value;
}

/** 1×1 expansion → 3×3 depthwise → 1×1 without activation; a sum where shapes allow. x [N,C,H,W] → [N,channels,H/stride,W/stride]. */
function invertedResidual(net: Net, x: Value, { expansion, alwaysExpands, channels, stride, activation }: InvertedResidualOptions): Value {
  const C = x.shape[1]!;
  const hidden = C * expansion;
  const conv = net.scope('conv');
  let y = x;
  let at = 0;
  if (expansion > 1 || alwaysExpands) y = activation(convNorm(conv, `${at}.0`, `${at++}.1`, y, { channels: hidden, kernel: 1, padding: 0 }));
  y = activation(convNorm(conv, `${at}.0`, `${at++}.1`, y, { channels: hidden, stride, groups: hidden }));
  y = convNorm(conv, `${at}`, `${at + 1}`, y, { channels, kernel: 1, padding: 0 });
  return stride === 1 && C === channels ? add(x, y) : y;
}

export const mobilenetV2 = defineArchitecture({
  name: 'mobilenetv2',
  description: 'MobileNetV2, torchvision layout',
  input: [3, 224, 224],
  smallest: ({ stem }) => (stem === 'imagenet' ? 32 : 16),
  options: {
    width: { kind: 'number', default: 1, min: 0.25, max: 2, help: 'factor on all channel counts, rounded to multiples of 8' },
    stem: mobileStem,
    layout: {
      kind: 'choice',
      default: 'torchvision',
      choices: ['torchvision', 'gluon'],
      help: 'gluon: the first block has a 1×1 expansion too, as MXNet Gluon’s pretrained weights have it',
    },
    activation: {
      kind: 'choice',
      default: 'relu6',
      choices: ['relu6', 'relu'],
      help: 'relu6 as published; relu is what the statistics in MXNet Gluon’s pretrained weights fit',
    },
    dropout: { kind: 'number', default: 0.2, min: 0, max: 0.9, help: 'dropout before the classifier' },
  },
  head: ['classifier'],
  network: (net, x, { width, stem, layout, dropout, classes, ...options }) => {
    const activation = options.activation === 'relu6' ? relu6 : relu;
    const features = net.scope('features');
    let y = activation(convNorm(features, '0.0', '0.1', x, { channels: scaleWidth(32, width), stride: stem === 'imagenet' ? 2 : 1 }));
    let at = 1;
    for (const [expansion, channels, blocks, stride] of stages) {
      for (let block = 0; block < blocks; block++) {
        y = invertedResidual(features.scope(at++), y, {
          expansion,
          alwaysExpands: layout === 'gluon',
          channels: scaleWidth(channels, width),
          stride: block === 0 ? stride : 1,
          activation,
        });
      }
    }
    // A narrower network keeps its last layer wide (Sandler et al. 2018, section 6.1).
    y = activation(convNorm(features, `${at}.0`, `${at}.1`, y, { channels: scaleWidth(1280, Math.max(1, width)), kernel: 1, padding: 0 }));
    return denseLayer(net, 'classifier.1', dropoutLayer(net, 'classifier.0', flatten(globalAveragePool(y)), dropout), classes);
  },
});
