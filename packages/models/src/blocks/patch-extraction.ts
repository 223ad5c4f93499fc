/** Patch extraction of PAtt-Lite (Ngwe et al. 2024), which system A borrows: a map cut into few patches by strided separable convolutions. */
import { convLayer, type Net, relu, type Value } from '@mien/engine';

/** Border [top, left, bottom, right] that gives ⌈size/stride⌉ outputs, the odd pixel behind (Keras' "same"). */
function samePadding(H: number, W: number, kernel: number, stride: number): [number, number, number, number] {
  const total = (size: number): number => Math.max(0, (Math.ceil(size / stride) - 1) * stride + kernel - size);
  const [v, h] = [total(H), total(W)];
  return [v >> 1, h >> 1, v - (v >> 1), h - (h >> 1)];
}

/** Depthwise k×k, then pointwise, with one bias at the end (Keras' SeparableConv2D). x [N,C,H,W] → [N,channels,⌈H/k⌉,⌈W/k⌉]. */
function separable(net: Net, x: Value, channels: number, kernel: number): Value {
  const [, C, H, W] = x.shape as [number, number, number, number];
  const padding = samePadding(H, W, kernel, kernel);
  const depthwise = convLayer(net, 'depthwise', x, { channels: C, kernel, stride: kernel, groups: C, padding, bias: false });
  return convLayer(net, 'pointwise', depthwise, { channels, kernel: 1, padding: 0 });
}

/** Separable 4×4 stride 4, separable 2×2 stride 2, pointwise, ReLU after each. x [N,C,H,W] → [N,channels,⌈H/8⌉,⌈W/8⌉]: 14×14 → 4×4 → 2×2. */
export function patchExtraction(net: Net, x: Value, channels: number): Value {
  const first = relu(separable(net.scope('separable1'), x, channels, 4));
  const second = relu(separable(net.scope('separable2'), first, channels, 2));
  return relu(convLayer(net, 'pointwise', second, { channels, kernel: 1, padding: 0 }));
}
