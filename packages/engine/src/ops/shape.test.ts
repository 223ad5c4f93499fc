import { describe, expect, it } from 'vitest';
import { checkGradients } from '../../test/finite-differences.ts';
import { Graph } from '../graph.ts';
import { expand, flatten, reshape, transpose, unsqueeze } from './shape.ts';

describe('shape ops', () => {
  it('reshape', async () => {
    await checkGradients({ inputs: { x: [2, 6] }, build: (v) => reshape(v.x!, [3, 1, 4]) });
    await checkGradients({ inputs: { x: [1] }, build: (v) => reshape(v.x!, []) });
  });

  it('flatten', async () => {
    await checkGradients({ inputs: { x: [2, 3, 1, 5] }, build: (v) => flatten(v.x!) });
    await checkGradients({ inputs: { x: [3, 2] }, build: (v) => flatten(v.x!) });
  });

  it.each([[[0]], [[1]], [[2]], [[0, 3]], [[2, 3]]])('unsqueeze at %j', async (axes) => {
    await checkGradients({ inputs: { x: [3, 5] }, build: (v) => unsqueeze(v.x!, axes) });
  });

  it.each([[[0, 1, 2]], [[2, 0, 1]], [[1, 2, 0]], [[2, 1, 0]]])('transpose by %j', async (permutation) => {
    await checkGradients({ inputs: { x: [2, 3, 5] }, build: (v) => transpose(v.x!, permutation) });
  });

  it('expand', async () => {
    await checkGradients({ inputs: { x: [2, 1, 3, 1] }, build: (v) => expand(v.x!, [2, 4, 3, 5]) });
    await checkGradients({ inputs: { x: [1] }, build: (v) => expand(v.x!, [6]) });
    await checkGradients({ inputs: { x: [2, 3] }, build: (v) => expand(v.x!, [2, 3]) });
  });

  it('reshape names both shapes when the sizes differ', () => {
    expect(() => reshape(new Graph('g').input('x', [2, 3]), [4, 2])).toThrow('Reshape: [2,3] does not hold as many values as [4,2]');
  });

  // Not refused yet: the shape it declares is then not the one ONNX Runtime computes.
  it('expand names both shapes when they do not fit', () => {
    expect(() => expand(new Graph('g').input('x', [2, 3]), [4, 3])).toThrow(/\[2,3\].*\[4,3\]/);
  });

  // The gradient is not summed over the dimensions added in front.
  it('expand to more dimensions', async () => {
    await checkGradients({ inputs: { x: [3] }, build: (v) => expand(v.x!, [2, 3]) });
  });
});
