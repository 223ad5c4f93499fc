import type { Shape } from '@mien/onnx';
import { describe, expect, it } from 'vitest';
import { block as b, kernels, noBlocks } from '../../test/compare-kernels.ts';
import { evaluate, f32 } from '../../test/evaluate.ts';
import { uniform } from '../../test/random.ts';
import type { Value } from '../graph.ts';
import { channelDot, channelSum, channelSumSquare, spatialDot, spatialSum } from './channels.ts';
import { type Kernels, standardKernels } from './kernels.ts';

/** Relative to Σ |x·z|; a wrong order of channels is off by about 1, two thousand numbers added up one by one by 1e-6. */
const tolerance = 3e-6;

/** [H,W] by what the blocked forms do with it. */
const maps: [string, [number, number]][] = [
  ['one pixel', [1, 1]],
  ['a small map, not square', [3, 5]],
  ['the last map that is pooled', [15, 20]],
  ['the first that is reduced', [7, 43]],
  ['strips of many rows', [44, 44]],
  ['a prime height: strips of one row', [61, 19]],
  ['a row longer than the longest chain', [2, 1100]],
];

/** Σ x·z over each map, in double precision, [N·C]; and Σ |x·z|, against which rounding is measured. */
function dots(x: Float32Array, z: Float32Array, positions: number): { sums: number[]; sizes: number[] } {
  const sums = new Array<number>(x.length / positions).fill(0);
  const sizes = [...sums];
  for (const [i, value] of x.entries()) {
    sums[Math.floor(i / positions)]! += value * z[i]!;
    sizes[Math.floor(i / positions)]! += Math.abs(value * z[i]!);
  }
  return { sums, sizes };
}

/** Over the batch: [N·C] → [C]. */
const overBatch = (values: readonly number[], C: number): number[] =>
  values.slice(0, C).map((_, c) => values.filter((_, i) => i % C === c).reduce((a, v) => a + v, 0));

/** Largest |actual − expected| ÷ size. */
function worst(actual: ArrayLike<number>, expected: readonly number[], sizes: readonly number[]): number {
  expect(actual.length).toBe(expected.length);
  return Math.max(...expected.map((value, i) => Math.abs(actual[i]! - value) / sizes[i]!));
}

const inLayout = (value: Value): Value => {
  if (value.graph.kernels.block > 0) value.graph.nameIn(value, 'blocked');
  return value;
};

async function sums(shape: Shape, x: Float32Array, z: Float32Array, chosen: Kernels) {
  return evaluate(
    { x: f32(x, shape), z: f32(z, shape) },
    (v) => {
      const [x, z] = [inLayout(v.x!), inLayout(v.z!)];
      return {
        spatialSum: spatialSum(x),
        spatialDot: spatialDot(x, z),
        channelSum: channelSum(x),
        channelDot: channelDot(x, z),
        channelSumSquare: channelSumSquare(x),
      };
    },
    chosen,
  );
}

describe.each([
  ['standard', standardKernels, false],
  [`blocked by ${kernels.block}`, kernels, noBlocks],
] as const)('sums over maps, %s', (_, chosen, skip) => {
  it.skipIf(skip).each(maps)('%s, %j: as in double precision', async (_, [H, W]) => {
    const [N, C] = [2, 2 * b];
    const shape = [N, C, H, W];
    const [x, z] = [uniform(N * C * H * W, 1, -1, 3), uniform(N * C * H * W, 2)];
    const found = await sums(shape, x, z, chosen);
    const ones = new Float32Array(x.length).fill(1);
    const [alone, product, square] = [dots(x, ones, H * W), dots(x, z, H * W), dots(x, x, H * W)];
    const worstOf = (name: string, { sums, sizes }: { sums: number[]; sizes: number[] }) => worst(found[name]!, sums, sizes);
    const batch = ({ sums, sizes }: { sums: number[]; sizes: number[] }) => ({ sums: overBatch(sums, C), sizes: overBatch(sizes, C) });
    expect(worstOf('spatialSum', alone)).toBeLessThan(tolerance);
    expect(worstOf('spatialDot', product)).toBeLessThan(tolerance);
    expect(worstOf('channelSum', batch(alone))).toBeLessThan(tolerance);
    expect(worstOf('channelDot', batch(product))).toBeLessThan(tolerance);
    expect(worstOf('channelSumSquare', batch(square))).toBeLessThan(tolerance);
  });
});

describe.skipIf(noBlocks)(`Σx² of large maps, blocked by ${kernels.block}`, () => {
  it.each([[[48, 48]], [[112, 112]], [[224, 224]]] as [[number, number]][])(
    '%j, mean 3, deviation 0.6: σ² = E[x²] − E[x]² needs the digits',
    async ([H, W]) => {
      const [N, C] = [2, b];
      const x = uniform(N * C * H * W, 5, 2, 4);
      const { channelSumSquare: found } = await sums([N, C, H, W], x, x, kernels);
      const { sums: squares } = dots(x, x, H * W);
      const expected = overBatch(squares, C);
      expect(worst(found!, expected, expected)).toBeLessThan(3e-7);
    },
  );
});
