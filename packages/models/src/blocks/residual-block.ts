/** The basic residual block (He et al. 2016, fig. 2): relu(x' + BN(conv(relu(BN(conv x))))), optionally with SE. */
import { add, convNorm, type Net, relu, squeezeExcite, type Value } from '@mien/engine';

export interface ResidualBlockOptions {
  readonly channels: number;
  readonly stride?: number;
  /** Hidden units of squeeze-and-excitation before the sum (Hu et al. 2018, fig. 3); 0 for none. */
  readonly seHidden?: number;
}

/** Weight names follow torchvision: conv1, bn1, conv2, bn2, downsample.0, downsample.1. x [N,C,H,W] → [N,channels,H/stride,W/stride]. */
export function residualBlock(net: Net, x: Value, options: ResidualBlockOptions): Value {
  const { channels } = options;
  const stride = options.stride ?? 1;
  const changes = stride !== 1 || x.shape[1] !== channels;
  const inner = convNorm(net, 'conv1', 'bn1', x, { channels, stride, activation: 'Relu' });
  const shortcut = changes ? convNorm(net, 'downsample.0', 'downsample.1', x, { channels, kernel: 1, stride, padding: 0 }) : x;
  if (!options.seHidden) {
    return convNorm(net, 'conv2', 'bn2', inner, { channels, residual: shortcut, activation: 'Relu' });
  }
  const y = squeezeExcite(net, 'se', convNorm(net, 'conv2', 'bn2', inner, { channels }), options.seHidden, { bias: true });
  return relu(add(y, shortcut));
}
