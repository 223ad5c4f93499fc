/**
 * `mobilenetv2`: inverted residuals with linear bottlenecks (Sandler et al. 2018, table 2), torchvision's layout and
 * weight names. 3,504,872 parameters with 1,000 classes.
 */
import { add, convNorm, denseLayer, dropoutLayer, flatten, globalAveragePool, type Net, relu6, type Value } from '@mien/engine';
import type { Architecture } from '../architecture.ts';

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

/** 1×1 expansion → 3×3 depthwise → 1×1 without activation; a sum where shapes allow. x [N,C,H,W] → [N,channels,H/stride,W/stride]. */
function invertedResidual(net: Net, x: Value, expansion: number, channels: number, stride: number): Value {
  const C = x.shape[1]!;
  const hidden = C * expansion;
  const conv = net.scope('conv');
  let y = x;
  let at = 0;
  if (expansion > 1) y = relu6(convNorm(conv, `${at}.0`, `${at++}.1`, y, { channels: hidden, kernel: 1, padding: 0 }));
  y = relu6(convNorm(conv, `${at}.0`, `${at++}.1`, y, { channels: hidden, stride, groups: hidden }));
  y = convNorm(conv, `${at}`, `${at + 1}`, y, { channels, kernel: 1, padding: 0 });
  return stride === 1 && C === channels ? add(x, y) : y;
}

export const mobilenetV2: Architecture = {
  name: 'mobilenetv2',
  description: 'MobileNetV2, torchvision layout',
  input: [3, 224, 224],
  build:
    ({ classes }) =>
    (net, x) => {
      const features = net.scope('features');
      let y = relu6(convNorm(features, '0.0', '0.1', x, { channels: 32, stride: 2 }));
      let at = 1;
      for (const [expansion, channels, blocks, stride] of stages) {
        for (let block = 0; block < blocks; block++) y = invertedResidual(features.scope(at++), y, expansion, channels, block === 0 ? stride : 1);
      }
      y = relu6(convNorm(features, `${at}.0`, `${at}.1`, y, { channels: 1280, kernel: 1, padding: 0 }));
      return denseLayer(net, 'classifier.1', dropoutLayer(net, 'classifier.0', flatten(globalAveragePool(y)), 0.2), classes);
    },
};
