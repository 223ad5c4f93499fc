/** The other side of a residual sum, where the branch changes shape. */
import { averagePool, convNorm, type Net, type Value } from '@mien/engine';

/**
 * `strided`: a 1×1 convolution that looks at one pixel of each stride² (He et al. 2016, option B). `pooled`: a 3×3 mean
 * first, so that it looks at all of them (He et al. 2019, ResNet-D, there 2×2; 3×3 suits odd sizes too).
 */
export type Shortcut = 'strided' | 'pooled';

/** x itself where shapes agree. x [N,C,H,W] → [N,channels,⌈H/stride⌉,⌈W/stride⌉]. Weights `downsample.0`, `downsample.1`. */
export function shortcutOf(net: Net, x: Value, channels: number, stride: number, kind: Shortcut = 'strided'): Value {
  if (stride === 1 && x.shape[1] === channels) return x;
  const pools = kind === 'pooled' && stride > 1;
  const seen = pools ? averagePool(x, 3, { stride, padding: 1 }) : x;
  return convNorm(net, 'downsample.0', 'downsample.1', seen, { channels, kernel: 1, stride: pools ? 1 : stride, padding: 0 });
}
