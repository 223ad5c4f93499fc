/** The bottleneck residual block (He et al. 2016, fig. 5 right), with the stride on its 3×3 convolution as torchvision has it. */
import { convNorm, type Net, type Value } from '@mien/engine';

/** 1×1 → 3×3 → 1×1 with 4·width channels out: x [N,C,H,W] → [N,4·width,H/stride,W/stride]. Weight names follow torchvision. */
export function bottleneckBlock(net: Net, x: Value, options: { readonly width: number; readonly stride?: number }): Value {
  const { width } = options;
  const stride = options.stride ?? 1;
  const channels = 4 * width;
  const pointwise = { kernel: 1, padding: 0 } as const;
  let y = convNorm(net, 'conv1', 'bn1', x, { channels: width, ...pointwise, activation: 'Relu' });
  y = convNorm(net, 'conv2', 'bn2', y, { channels: width, stride, activation: 'Relu' });
  const changes = stride !== 1 || x.shape[1] !== channels;
  const shortcut = changes ? convNorm(net, 'downsample.0', 'downsample.1', x, { channels, ...pointwise, stride }) : x;
  return convNorm(net, 'conv3', 'bn3', y, { channels, ...pointwise, residual: shortcut, activation: 'Relu' });
}
