/**
 * The five blocks of InceptionV3 (Szegedy et al. 2016, figures 5 to 7 and 10), with torchvision's weight names (BSD-3).
 * Every block puts the maps of its branches side by side; every convolution is followed by batch norm and ReLU. Channel
 * counts are those at width 1; `width` scales them all.
 */
import { averagePool, concat, convNorm, maxPool, type Net, type Value } from '@mien/engine';
import { scaleWidth } from './scale-width.ts';

export interface BranchConv {
  readonly channels: number;
  /** Default 1. */
  readonly kernel?: number | readonly [number, number];
  readonly stride?: number;
  /** Default: as wide as the input at stride 1, none at stride 2. */
  readonly padding?: number;
}

/** conv → BN (ε 0.001) → ReLU with weights `name.conv`, `name.bn`. */
export function convUnit(net: Net, name: string, x: Value, width: number, { channels, kernel = 1, stride = 1, padding }: BranchConv): Value {
  const border = padding ?? (stride > 1 ? 0 : undefined);
  return convNorm(net.scope(name), 'conv', 'bn', x, {
    channels: scaleWidth(channels, width),
    kernel,
    stride,
    epsilon: 1e-3,
    activation: 'Relu',
    ...(border === undefined ? {} : { padding: border }),
  });
}

/** One convolution after the other, named `branch_1`, `branch_2`… */
function branch(net: Net, name: string, x: Value, width: number, units: readonly BranchConv[]): Value {
  return units.reduce((y, unit, i) => convUnit(net, `${name}_${i + 1}`, y, width, unit), x);
}

/** 3×3 mean (the border's zeros count, as in torchvision), then 1×1. */
function pooledBranch(net: Net, x: Value, width: number, channels: number): Value {
  return convUnit(net, 'branch_pool', averagePool(x, 3, { stride: 1, padding: 1 }), width, { channels });
}

/** 1×1, 5×5, two 3×3, pool. x [N,C,H,W] → [N, 224 + pooled, H, W]. */
export function inceptionA(net: Net, x: Value, width: number, pooled: number): Value {
  const five = branch(net, 'branch5x5', x, width, [{ channels: 48 }, { channels: 64, kernel: 5 }]);
  const threes = branch(net, 'branch3x3dbl', x, width, [{ channels: 64 }, { channels: 96, kernel: 3 }, { channels: 96, kernel: 3 }]);
  return concat([convUnit(net, 'branch1x1', x, width, { channels: 64 }), five, threes, pooledBranch(net, x, width, pooled)], 1);
}

/** Halves the map: 3×3, two 3×3, max-pool. x [N,C,H,W] → [N, 480 + C, ⌊(H−1)/2⌋, ⌊(W−1)/2⌋]. */
export function inceptionB(net: Net, x: Value, width: number): Value {
  const threes = branch(net, 'branch3x3dbl', x, width, [{ channels: 64 }, { channels: 96, kernel: 3 }, { channels: 96, kernel: 3, stride: 2 }]);
  return concat([convUnit(net, 'branch3x3', x, width, { channels: 384, kernel: 3, stride: 2 }), threes, maxPool(x, 3, { stride: 2 })], 1);
}

/** 1×1, a factorised 7×7, two of them, pool; `inner` channels inside. x [N,C,H,W] → [N,768,H,W]. */
export function inceptionC(net: Net, x: Value, width: number, inner: number): Value {
  const row = (channels: number): BranchConv => ({ channels, kernel: [1, 7] });
  const column = (channels: number): BranchConv => ({ channels, kernel: [7, 1] });
  const seven = branch(net, 'branch7x7', x, width, [{ channels: inner }, row(inner), column(192)]);
  const sevens = branch(net, 'branch7x7dbl', x, width, [{ channels: inner }, column(inner), row(inner), column(inner), row(192)]);
  return concat([convUnit(net, 'branch1x1', x, width, { channels: 192 }), seven, sevens, pooledBranch(net, x, width, 192)], 1);
}

/** Halves the map: 3×3, 7×7 and 3×3, max-pool. x [N,C,H,W] → [N, 512 + C, ⌊(H−1)/2⌋, ⌊(W−1)/2⌋]. */
export function inceptionD(net: Net, x: Value, width: number): Value {
  const three = branch(net, 'branch3x3', x, width, [{ channels: 192 }, { channels: 320, kernel: 3, stride: 2 }]);
  const seven = branch(net, 'branch7x7x3', x, width, [
    { channels: 192 },
    { channels: 192, kernel: [1, 7] },
    { channels: 192, kernel: [7, 1] },
    { channels: 192, kernel: 3, stride: 2 },
  ]);
  return concat([three, seven, maxPool(x, 3, { stride: 2 })], 1);
}

/** A 1×3 and a 3×1 beside each other. x [N,C,H,W] → [N,768,H,W]. */
function forked(net: Net, name: string, x: Value, width: number): Value {
  return concat(
    [convUnit(net, `${name}a`, x, width, { channels: 384, kernel: [1, 3] }), convUnit(net, `${name}b`, x, width, { channels: 384, kernel: [3, 1] })],
    1,
  );
}

/** 1×1, a forked 3×3, two 3×3 the second forked, pool. x [N,C,H,W] → [N,2048,H,W]. */
export function inceptionE(net: Net, x: Value, width: number): Value {
  const three = forked(net, 'branch3x3_2', convUnit(net, 'branch3x3_1', x, width, { channels: 384 }), width);
  const inner = branch(net, 'branch3x3dbl', x, width, [{ channels: 448 }, { channels: 384, kernel: 3 }]);
  const threes = forked(net, 'branch3x3dbl_3', inner, width);
  return concat([convUnit(net, 'branch1x1', x, width, { channels: 320 }), three, threes, pooledBranch(net, x, width, 192)], 1);
}
