import type { Shape } from '@mien/onnx';
import { createSession } from '@mien/onnx/node';
import { describe, expect, it } from 'vitest';
import { block as b, compareKernels, kernels, noBlocks } from '../../test/compare-kernels.ts';
import { checkGradients } from '../../test/finite-differences.ts';
import { uniform } from '../../test/random.ts';
import { gradients } from '../autodiff.ts';
import { Graph } from '../graph.ts';
import { blockWeights } from '../kernels/weight-layout.ts';
import { conv } from './conv.ts';
import { dropout, stochasticDepth } from './dropout.ts';
import { sumAll } from './reduce.ts';

const mask = (shape: Shape) => {
  const size = shape.reduce((p, d) => p * d, 1);
  return { dtype: 'uint8' as const, shape, data: Uint8Array.from(uniform(size, 17), (v) => (v > -0.4 ? 1 : 0)) };
};

describe('dropout', () => {
  it.each([[[7]], [[2, 5]], [[2, 3, 4, 3]]] as [Shape][])('%j', (shape) =>
    checkGradients({ inputs: { x: shape }, fixed: { mask: mask(shape) }, build: (v) => dropout(v.x!, v.mask!, 0.3) }),
  );

  it('is x / (1 − rate) where the mask is 1 and 0 elsewhere', async () => {
    const graph = new Graph('g');
    graph.output('y', dropout(graph.input('x', [4]), graph.input('mask', [4], 'uint8'), 0.75));
    const session = await createSession(graph.encode(), { threads: 1 });
    const { y } = await session.run({
      x: { dtype: 'float32', shape: [4], data: Float32Array.of(1, 2, 3, -4) },
      mask: { dtype: 'uint8', shape: [4], data: Uint8Array.of(1, 0, 1, 1) },
    });
    await session.release();
    expect([...(y!.data as Float32Array)]).toEqual([4, 0, 12, -16]);
  });

  it.skipIf(noBlocks)(`blocked by ${kernels.block}: forward and gradient use the same mask, in whatever order it is read`, async () => {
    const shape = [2, b, 3, 3];
    const graph = new Graph('g', kernels);
    const x = graph.parameter('x', shape);
    const w = graph.parameter('w', [b, b, 1, 1]);
    const hidden = conv(x, w);
    const y = dropout(hidden, graph.input('mask', shape, 'uint8'), 0.5);
    const [dx] = gradients(graph, sumAll(y), [x]);
    graph.output('y', y);
    graph.output('dx', dx!);
    const identity = Float32Array.from({ length: b * b }, (_, i) => (i % (b + 1) === 0 ? 1 : 0));
    const session = await createSession(graph.encode(), { threads: 1 });
    const feeds = {
      x: { dtype: 'float32' as const, shape, data: uniform(2 * b * 9, 5, 1, 2) },
      w: { dtype: 'float32' as const, shape: [b, b, 1, 1], data: blockWeights(identity, [b, b, 1, 1], kernels.block) },
      mask: mask(shape),
    };
    const result = await session.run(feeds);
    await session.release();
    const [ys, dxs] = [result.y!.data as Float32Array, result.dx!.data as Float32Array];
    const kept = ys.filter((v) => v !== 0).length;
    expect(kept).toBe(feeds.mask.data.reduce((a, v) => a + v, 0));
    for (let i = 0; i < ys.length; i++) {
      expect(dxs[i]).toBe(ys[i] === 0 ? 0 : 2);
      if (ys[i] !== 0) expect(ys[i]).toBeCloseTo(2 * feeds.x.data[i]!, 5);
    }
  });
});

describe('stochasticDepth', () => {
  const kept = (...values: number[]) => ({ dtype: 'uint8' as const, shape: [values.length], data: Uint8Array.from(values) });

  it.each([
    [
      [3, 2, 5, 3],
      [1, 0, 1],
    ],
    [
      [2, 4, 3],
      [0, 1],
    ],
    [[1, 1, 1, 1], [1]],
    [
      [2, 5],
      [1, 1],
    ],
  ] as [Shape, number[]][])('%j keeping %j', (shape, keep) =>
    checkGradients({ inputs: { x: shape }, fixed: { mask: kept(...keep) }, build: (v) => stochasticDepth(v.x!, v.mask!, 0.2) }),
  );

  it('drops whole samples and scales the others up', async () => {
    const graph = new Graph('g');
    graph.output('y', stochasticDepth(graph.input('x', [3, 1, 1, 2]), graph.input('mask', [3], 'uint8'), 0.5));
    const session = await createSession(graph.encode(), { threads: 1 });
    const { y } = await session.run({ x: { dtype: 'float32', shape: [3, 1, 1, 2], data: Float32Array.of(1, 2, 3, 4, 5, 6) }, mask: kept(1, 0, 1) });
    await session.release();
    expect([...(y!.data as Float32Array)]).toEqual([2, 4, 0, 0, 10, 12]);
  });

  it('names a mask of another batch', () => {
    const graph = new Graph('g');
    expect(() => stochasticDepth(graph.input('x', [3, 1, 2, 2]), graph.input('mask', [2], 'uint8'), 0.5)).toThrow(
      'mask [2] must be [3], one value for each sample of x [3,1,2,2]',
    );
  });

  it.skipIf(noBlocks)(`blocked by ${kernels.block}`, () =>
    compareKernels({
      inputs: { x: [3, b, 5, 4], w: [b, b, 3, 3] },
      fixed: { mask: kept(1, 0, 1) },
      build: (v) => stochasticDepth(conv(v.x!, v.w!), v.mask!, 0.25),
    }),
  );
});
