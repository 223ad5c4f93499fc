import type { Shape } from '@mien/onnx';
import { createSession } from '@mien/onnx/node';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { block, compareKernels, kernels, noBlocks } from '../../test/compare-kernels.ts';
import { checkGradients } from '../../test/finite-differences.ts';
import { uniform } from '../../test/random.ts';
import { Graph } from '../graph.ts';
import { type Kernels, standardKernels } from '../kernels/kernels.ts';
import { relu } from './activation.ts';
import { scale } from './arithmetic.ts';
import { type ConvOptions, conv, convOutputSize } from './conv.ts';

type Options = Omit<ConvOptions, 'bias'>;

interface Case {
  readonly x: Shape;
  readonly w: Shape;
  readonly options?: Options;
}

/** One line a case; odd sizes, non-square maps and kernels. */
const cases: Case[] = [
  { x: [1, 1, 1, 1], w: [1, 1, 1, 1] },
  { x: [1, 1, 5, 5], w: [2, 1, 3, 3] },
  { x: [2, 3, 7, 5], w: [4, 3, 3, 3] },
  { x: [1, 3, 6, 7], w: [2, 3, 5, 5] },
  { x: [2, 8, 5, 5], w: [3, 8, 1, 1] },
  { x: [3, 2, 5, 7], w: [5, 2, 1, 1] },
  { x: [2, 3, 7, 7], w: [4, 3, 3, 3], options: { stride: 2 } },
  { x: [2, 3, 8, 6], w: [4, 3, 3, 3], options: { stride: 2 } },
  { x: [1, 2, 8, 9], w: [3, 2, 1, 1], options: { stride: 2 } },
  { x: [1, 2, 10, 11], w: [2, 2, 2, 2], options: { stride: 3, padding: 0 } },
  { x: [1, 2, 9, 9], w: [2, 2, 1, 1], options: { stride: 4 } },
  { x: [2, 2, 9, 8], w: [3, 2, 3, 3], options: { dilation: 2 } },
  { x: [1, 2, 11, 9], w: [2, 2, 3, 3], options: { dilation: 2, stride: 2 } },
  { x: [2, 2, 5, 6], w: [2, 2, 3, 3], options: { padding: [2, 0, 1, 1] } },
  { x: [2, 2, 6, 5], w: [2, 2, 3, 3], options: { padding: [0, 1, 2, 0], stride: 2 } },
  { x: [1, 2, 4, 4], w: [2, 2, 3, 3], options: { padding: 3 } },
  { x: [1, 2, 4, 4], w: [2, 2, 1, 1], options: { padding: 1 } },
  { x: [2, 2, 3, 3], w: [2, 2, 3, 3], options: { padding: 0 } },
  { x: [1, 2, 7, 9], w: [3, 2, 1, 5] },
  { x: [1, 2, 9, 7], w: [3, 2, 5, 1], options: { stride: 2 } },
];

/** The definition, summed in double precision. */
function reference(x: Float32Array, xs: Shape, w: Float32Array, ws: Shape, b: Float32Array | undefined, options: Options): Float64Array {
  const [N, C, H, W] = xs as [number, number, number, number];
  const [O, , kh, kw] = ws as [number, number, number, number];
  const { stride = 1, dilation = 1 } = options;
  const same = [kh, kw].map((k) => Math.floor((dilation * (k - 1)) / 2)) as [number, number];
  const p = options.padding ?? [same[0], same[1], same[0], same[1]];
  const [top, left, bottom, right] = (typeof p === 'number' ? [p, p, p, p] : p) as [number, number, number, number];
  const Ho = convOutputSize(H, kh, stride, dilation, top + bottom);
  const Wo = convOutputSize(W, kw, stride, dilation, left + right);
  const y = new Float64Array(N * O * Ho * Wo);
  let at = 0;
  for (let n = 0; n < N; n++) {
    for (let o = 0; o < O; o++) {
      for (let i = 0; i < Ho; i++) {
        for (let j = 0; j < Wo; j++) {
          let sum = b?.[o] ?? 0;
          for (let c = 0; c < C; c++) {
            for (let k = 0; k < kh; k++) {
              for (let l = 0; l < kw; l++) {
                const row = i * stride + k * dilation - top;
                const column = j * stride + l * dilation - left;
                if (row < 0 || row >= H || column < 0 || column >= W) continue;
                sum += x[((n * C + c) * H + row) * W + column]! * w[((o * C + c) * kh + k) * kw + l]!;
              }
            }
          }
          y[at++] = sum;
        }
      }
    }
  }
  return y;
}

async function forward({ x, w, options = {} }: Case, chosen: Kernels): Promise<{ y: Float32Array; expected: Float64Array }> {
  const size = (shape: Shape): number => shape.reduce((a, b) => a * b, 1);
  const [xv, wv, bv] = [uniform(size(x), 1), uniform(size(w), 2), uniform(w[0]!, 3)];
  const graph = new Graph('g', chosen);
  const weights = graph.initializer('w', { dtype: 'float32', shape: w, data: wv });
  const bias = graph.initializer('b', { dtype: 'float32', shape: [w[0]!], data: bv });
  graph.output('y', conv(graph.input('x', x), weights, { ...options, bias }));
  const session = await createSession(graph.encode(), { threads: 1 });
  const result = await session.run({ x: { dtype: 'float32', shape: x, data: xv } });
  await session.release();
  return { y: result.y!.data as Float32Array, expected: reference(xv, x, wv, w, bv, options) };
}

describe('conv', () => {
  it.each(cases)('x $x, w $w, $options: forward is the definition, gradients are the differences', async ({ x, w, options = {} }) => {
    const { y, expected } = await forward({ x, w, options }, standardKernels);
    expect(y.length).toBe(expected.length);
    for (let i = 0; i < y.length; i++) expect(Math.abs(y[i]! - expected[i]!)).toBeLessThan(1e-4);
    await checkGradients({ inputs: { x, w, b: [w[0]!] }, build: (v) => conv(v.x!, v.w!, { ...options, bias: v.b }), precision: 'float32' });
  });

  it('of a bias-free convolution', () =>
    checkGradients({ inputs: { x: [2, 2, 4, 5], w: [3, 2, 3, 3] }, build: (v) => conv(v.x!, v.w!), precision: 'float32' }));

  it('names both sides when shapes do not fit', () => {
    const g = new Graph('g');
    const x = g.input('x', [1, 3, 8, 8]);
    expect(() => conv(x, g.input('w', [4, 2, 3, 3]))).toThrow(/input channels 3 must match weight channels 2 \(x \[1,3,8,8\], w \[4,2,3,3\]\)/);
    expect(() => conv(x, g.input('w5', [4, 3, 11, 11]), { padding: 1 })).toThrow(/kernel 11×11 does not fit input \[1,3,8,8\]/);
    expect(() => conv(g.input('flat', [1, 3]), g.input('w2', [4, 3]))).toThrow(/\[1,3\] and \[4,3\]/);
  });
});

const b = block;
/** Every branch of the blocked path: few and many channels, batches it can and cannot take, strides, dilation, padding. */
const blockedCases: (Case & { name: string })[] = [
  { name: 'plain 3×3', x: [b, b, 7, 7], w: [b, b, 3, 3] },
  { name: 'more blocks', x: [2 * b, 2 * b, 5, 7], w: [3 * b, 2 * b, 3, 3] },
  { name: '24 channels where the block is 8', x: [b, b * 3, 5, 5], w: [b * 2, b * 3, 3, 3] },
  { name: '1×1', x: [b, 2 * b, 5, 4], w: [b, 2 * b, 1, 1] },
  { name: '1×1, a batch that is no multiple', x: [3, 2 * b, 4, 5], w: [b, 2 * b, 1, 1] },
  { name: '1×1 with padding', x: [b, b, 4, 5], w: [b, b, 1, 1], options: { padding: 1 } },
  { name: '1×1, stride 2', x: [b, b, 7, 8], w: [2 * b, b, 1, 1], options: { stride: 2 } },
  { name: '1×1, stride 3', x: [b, b, 8, 8], w: [b, b, 1, 1], options: { stride: 3 } },
  { name: '5×5', x: [b, b, 9, 7], w: [b, b, 5, 5] },
  { name: '3×3, stride 2, odd', x: [b, b, 9, 7], w: [2 * b, b, 3, 3], options: { stride: 2 } },
  { name: '3×3, stride 2, even', x: [b, b, 8, 6], w: [b, b, 3, 3], options: { stride: 2 } },
  { name: 'dilation 2', x: [b, b, 9, 8], w: [b, b, 3, 3], options: { dilation: 2 } },
  { name: 'dilation 2, stride 2', x: [b, b, 11, 9], w: [b, b, 3, 3], options: { dilation: 2, stride: 2 } },
  { name: 'asymmetric padding', x: [b, b, 6, 7], w: [b, b, 3, 3], options: { padding: [2, 0, 1, 1] } },
  { name: 'no padding', x: [b, b, 6, 5], w: [b, b, 3, 3], options: { padding: 0 } },
  { name: 'padding beyond the kernel', x: [b, b, 4, 4], w: [b, b, 3, 3], options: { padding: 3 } },
  { name: 'stem of 1 channel', x: [b, 1, 9, 8], w: [b, 1, 3, 3] },
  { name: 'stem of 1 channel, 5×5, stride 2, a batch that is no multiple', x: [3, 1, 11, 9], w: [2 * b, 1, 5, 5], options: { stride: 2 } },
  { name: 'stem of 1 channel, 2×2, stride 3: pixels left over', x: [2, 1, 10, 9], w: [b, 1, 2, 2], options: { stride: 3, padding: 0 } },
  { name: 'stem of 1 channel, dilation 2, asymmetric padding', x: [2, 1, 8, 7], w: [b, 1, 3, 3], options: { dilation: 2, padding: [2, 0, 1, 3] } },
  { name: '1 channel, sees but padding', x: [1, 1, 1, 1], w: [b, 1, 1, 1], options: { stride: 3, padding: [0, 2, 0, 0] } },
  { name: 'sees but padding', x: [b, b, 1, 1], w: [b, b, 1, 1], options: { stride: 3, padding: [0, 2, 0, 0] } },
  { name: 'stem of 3 channels, 5×5, stride 2', x: [2 * b, 3, 11, 9], w: [2 * b, 3, 5, 5], options: { stride: 2 } },
  { name: 'stem of 3 channels, 1×1', x: [b, 3, 5, 5], w: [b, 3, 1, 1] },
  { name: 'half a block of channels', x: [b, b / 2, 5, 5], w: [b, b / 2, 3, 3] },
  { name: 'batch 1', x: [1, b, 7, 7], w: [b, b, 3, 3] },
  { name: 'a batch that is no multiple', x: [b + 3, b, 5, 5], w: [2 * b, b, 3, 3] },
  { name: 'batch 2, stride 2, stem', x: [2, 1, 9, 9], w: [b, 1, 3, 3], options: { stride: 2 } },
  { name: '2×2, stride 2', x: [b, b, 7, 6], w: [b, b, 2, 2], options: { stride: 2, padding: 0 } },
  { name: '5×5, stride 3', x: [b, b, 11, 10], w: [b, b, 5, 5], options: { stride: 3 } },
  { name: '3×3, stride 4: a phase without taps', x: [b, b, 10, 9], w: [b, b, 3, 3], options: { stride: 4 } },
  { name: '3×3, stride 2, asymmetric padding', x: [b, b, 8, 7], w: [b, b, 3, 3], options: { stride: 2, padding: [1, 0, 0, 1] } },
  { name: '1×3, stride 2', x: [b, b, 7, 8], w: [b, b, 1, 3], options: { stride: 2 } },
  { name: 'a map lower than the stride', x: [b, b, 1, 9], w: [b, b, 3, 3], options: { stride: 2 } },
  { name: '1×7', x: [b, b, 9, 9], w: [b, b, 1, 7] },
  { name: 'a map of one pixel', x: [b, b, 1, 1], w: [b, b, 3, 3] },
];

describe.skipIf(noBlocks)(`conv, blocked by ${kernels.block}`, () => {
  it.each(blockedCases)('$name: as on standard ops, with bias', async ({ x, w, options = {} }) => {
    const { y, expected } = await forward({ x, w, options }, kernels);
    for (let i = 0; i < y.length; i++) expect(Math.abs(y[i]! - expected[i]!)).toBeLessThan(3e-4);
    await compareKernels({ inputs: { x, w, b: [w[0]!] }, build: (v) => conv(v.x!, v.w!, { ...options, bias: v.b }) });
  });

  it.each(blockedCases.slice(0, 11))('$name: without bias', ({ x, w, options = {} }) =>
    compareKernels({ inputs: { x, w }, build: (v) => conv(v.x!, v.w!, options) }),
  );

  it('any geometry', async () => {
    const side = fc.integer({ min: 1, max: 9 });
    const pad = fc.nat(3);
    const geometry = fc.record({
      N: fc.constantFrom(1, b),
      C: fc.constantFrom(1, b, 2 * b),
      H: side,
      W: side,
      kh: fc.integer({ min: 1, max: 5 }),
      kw: fc.integer({ min: 1, max: 5 }),
      stride: fc.integer({ min: 1, max: 4 }),
      dilation: fc.integer({ min: 1, max: 2 }),
      padding: fc.tuple(pad, pad, pad, pad),
    });
    await fc.assert(
      fc.asyncProperty(geometry, async ({ N, C, H, W, kh, kw, stride, dilation, padding }) => {
        const [top, left, bottom, right] = padding;
        fc.pre(convOutputSize(H, kh, stride, dilation, top + bottom) > 0 && convOutputSize(W, kw, stride, dilation, left + right) > 0);
        await compareKernels({ inputs: { x: [N, C, H, W], w: [b, C, kh, kw] }, build: (v) => conv(v.x!, v.w!, { stride, dilation, padding }) });
      }),
      { numRuns: 60 },
    );
  });

  it('weights that are computed, not fed', () => compareKernels({ inputs: { x: [b, b, 5, 5], w: [b, b, 3, 3] }, build: (v) => conv(v.x!, scale(v.w!, 2)) }));

  it('weights used twice', () => compareKernels({ inputs: { x: [b, b, 5, 5], w: [b, b, 3, 3] }, build: (v) => conv(relu(conv(v.x!, v.w!)), v.w!) }));

  it('channels that fill no block stay on standard ops beside blocked ones', () =>
    compareKernels({
      inputs: { x: [b, b, 6, 6], w1: [b + 4, b, 3, 3], w2: [b, b + 4, 3, 3], w3: [b, b, 3, 3] },
      build: (v) => conv(relu(conv(conv(v.x!, v.w1!), v.w2!)), v.w3!),
    }));
});
