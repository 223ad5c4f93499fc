import { sizeOf } from '@mien/onnx';
import { describe, expect, it } from 'vitest';
import { block as b, compareKernels, kernels, noBlocks } from '../../test/compare-kernels.ts';
import { evaluate, f32 } from '../../test/evaluate.ts';
import { spaced } from '../../test/random.ts';
import { gradients } from '../autodiff.ts';
import type { Graph, Value } from '../graph.ts';
import { relu } from '../ops/activation.ts';
import { add, mul } from '../ops/arithmetic.ts';
import { conv } from '../ops/conv.ts';
import { maxPool } from '../ops/pooling.ts';
import { sumAll } from '../ops/reduce.ts';

/** Ops of the graph that `compareKernels` builds with the blocked kernels; the comparison fails without them. */
const tiled = ['MaxPool', 'Upsample'];

describe.skipIf(noBlocks)(`max-pool of windows side by side, blocked by ${kernels.block}`, () => {
  const afterConv = (op: (x: Value, graph: Graph) => Value, H: number, W: number, expectBlocked: readonly string[]) =>
    compareKernels({ inputs: { x: [b, b, H, W], w: [2 * b, b, 3, 3] }, build: (v, graph) => op(conv(v.x!, v.w!), graph), expectBlocked });

  it('is what MaxPool and MaxUnpool give', () => afterConv((x) => maxPool(x), 6, 8, tiled));
  it('windows of three', () => afterConv((x) => maxPool(x, 3), 9, 6, tiled));
  it('a single window', () => afterConv((x) => maxPool(x, 4), 4, 4, tiled));
  it('after ReLU, whose mask is taken on the pooled map', () => afterConv((x) => maxPool(relu(x)), 6, 8, tiled));
  it('after a ReLU that something else reads too', () =>
    afterConv(
      (x) => {
        const y = relu(x);
        return add(maxPool(y), maxPool(mul(y, y)));
      },
      6,
      8,
      tiled,
    ));

  it('equal maxima share the gradient; steps of 1e-6 are told apart', async () => {
    const shape = [1, b, 2, 4];
    const values = new Float32Array(sizeOf(shape)).fill(-1);
    values.set([2, 2, 1, 3, 1.5, 2, 1 + 1e-6, 1]); // channel 0: windows (2,2,1.5,2) and (1,3,1+1e-6,1)
    values.set([0.5, -1, 1, 1 + 1e-6, 0.25, 0, 1, 1], 8); // channel 1
    const { dx } = await evaluate(
      { x: f32(values, shape) },
      ({ x }) => {
        x!.graph.nameIn(x!, 'blocked');
        return { dx: gradients(x!.graph, sumAll(maxPool(x!)), [x!])[0]! };
      },
      kernels,
    );
    const third = 1 / 3;
    const expected = [third, third, 0, 1, 0, third, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0];
    for (const [i, value] of expected.entries()) expect(dx![i], `position ${i}`).toBeCloseTo(value, 6);
  });

  it('very large and very small values', async () => {
    for (const factor of [1e15, 1e-9]) {
      const shape = [1, b, 4, 4];
      const values = spaced(sizeOf(shape), 5).map((v) => v * factor);
      const { dx } = await evaluate(
        { x: f32(values, shape) },
        ({ x }) => {
          x!.graph.nameIn(x!, 'blocked');
          return { dx: gradients(x!.graph, sumAll(maxPool(x!)), [x!])[0]! };
        },
        kernels,
      );
      expect(dx!.every((value) => value === 0 || value === 1)).toBe(true);
      expect(dx!.reduce((sum, value) => sum + value, 0)).toBe(sizeOf(shape) / 4);
    }
  });
});
