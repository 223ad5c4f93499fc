import type { Shape } from '@mien/onnx';
import { describe, expect, it } from 'vitest';
import { block as b, compareKernels, kernels, noBlocks } from '../../test/compare-kernels.ts';
import { checkGradients } from '../../test/finite-differences.ts';
import { Graph } from '../graph.ts';
import { sigmoid } from './activation.ts';
import { add } from './arithmetic.ts';
import { conv } from './conv.ts';
import { scaleChannels } from './gate.ts';
import { globalAveragePool } from './pooling.ts';

describe('scaleChannels', () => {
  it.each([[[1, 1, 1, 1]], [[2, 3, 5, 4]], [[3, 8, 1, 7]]] as [Shape][])('x %j', (shape) =>
    checkGradients({ inputs: { x: shape, gate: [shape[0]!, shape[1]!, 1, 1] }, build: (v) => scaleChannels(v.x!, v.gate!) }),
  );

  it('a gate made of x itself: both ways into x add up', () =>
    checkGradients({
      inputs: { x: [2, 3, 4, 4] },
      build: (v) => scaleChannels(v.x!, sigmoid(globalAveragePool(v.x!))),
      precision: 'float32',
      step: 0.02,
      tolerance: 3e-3,
    }));

  it('names the gate it needs', () => {
    const g = new Graph('g');
    expect(() => scaleChannels(g.input('x', [2, 3, 4, 4]), g.input('gate', [2, 3]))).toThrow('x [2,3,4,4] needs a gate [2,3,1,1], got [2,3]');
  });
});

describe.skipIf(noBlocks)(`scaleChannels, blocked by ${kernels.block}`, () => {
  it.each([1, 3, b])('batch %i', (N) =>
    compareKernels({
      inputs: { x: [N, b, 5, 7], w: [2 * b, b, 3, 3], gate: [N, 2 * b, 1, 1] },
      build: (v) => scaleChannels(conv(v.x!, v.w!), v.gate!),
    }),
  );

  it('a gate used twice, on a gradient that nothing has written out', () =>
    compareKernels({
      inputs: { x: [2, b, 5, 5], w: [b, b, 3, 3], gate: [2, b, 1, 1] },
      build: (v) => {
        const y = scaleChannels(conv(v.x!, v.w!), v.gate!);
        return globalAveragePool(scaleChannels(y, v.gate!));
      },
    }));

  it('squeeze and excitation with a way around it', () =>
    compareKernels({
      inputs: { x: [b, b, 5, 5], w: [b, b, 3, 3] },
      build: (v) => {
        const y = conv(v.x!, v.w!);
        return add(scaleChannels(y, sigmoid(globalAveragePool(y))), y);
      },
    }));
});
