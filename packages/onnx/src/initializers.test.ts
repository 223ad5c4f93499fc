import { expect, it } from 'vitest';
import { halveWeights } from './half-weights.ts';
import { initializersOf } from './initializers.ts';
import type { OnnxModel } from './model-file.ts';
import { tensor } from './tensor.ts';

const model: OnnxModel = {
  irVersion: 9,
  opsets: { '': 20 },
  producer: 'test',
  graphName: 'g',
  nodes: [
    { opType: 'Constant', inputs: [], outputs: ['b'], attributes: { value: tensor.float32(Float32Array.of(1, 2), [2]) } },
    { opType: 'Identity', inputs: ['w'], outputs: ['shared'] },
    { opType: 'Gemm', inputs: ['x', 'w', 'b'], outputs: ['y'] },
    { opType: 'Identity', inputs: ['y'], outputs: ['z'] },
  ],
  initializers: {
    w: tensor.float32(
      Float32Array.from({ length: 600 }, (_, i) => i / 600),
      [300, 2],
    ),
  },
  inputs: [{ name: 'x', dtype: 'float32', shape: ['N', 300] }],
  outputs: [{ name: 'z', dtype: 'float32', shape: ['N', 2] }],
  metadata: {},
};

it('names initializers, constants of nodes and what is passed on, but nothing that is computed', () => {
  const found = initializersOf(model);
  expect([...found].map(([name, { shape }]) => [name, shape])).toEqual([
    ['w', [300, 2]],
    ['b', [2]],
    ['shared', [300, 2]],
  ]);
  expect(found.get('shared')!.data).toBe(model.initializers.w!.data);
});

it('widens weights stored as float16 under their own name', () => {
  const w = initializersOf(halveWeights(model)).get('w')!;
  expect(w.dtype).toBe('float32');
  expect(w.shape).toEqual([300, 2]);
  for (const [i, value] of (w.data as Float32Array).entries()) expect(Math.abs(value - i / 600)).toBeLessThan(2 ** -11);
});
