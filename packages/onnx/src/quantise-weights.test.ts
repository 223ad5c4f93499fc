import { describe, expect, it } from 'vitest';
import { decodeModel } from './decode-model.ts';
import { halveWeights } from './half-weights.ts';
import { encodeModel, type OnnxModel, type OnnxNode } from './model-file.ts';
import { createSession } from './node/index.ts';
import { quantiseWeights } from './quantise-weights.ts';
import { sizeOf, type TensorValue, tensor } from './tensor.ts';
import { widenWeights } from './widen-weights.ts';

const numbers = (shape: readonly number[], phase: number) => {
  const values = Float32Array.from({ length: sizeOf(shape) }, (_, i) => Math.sin(i * 12.9898 + phase));
  return tensor.float32(values, shape);
};

/** x [N,8,6,6] → conv 3×3 to 48 → maximum → hidden 64 (Gemm, transB) → hidden 40 (MatMul) → 5 outputs. */
const weights: Record<string, TensorValue> = {
  conv: numbers([48, 8, 3, 3], 1),
  hidden: numbers([64, 48], 2),
  next: numbers([64, 40], 3),
  last: numbers([40, 5], 4),
  bias: numbers([64], 5),
};
const nodes: OnnxNode[] = [
  { opType: 'Conv', inputs: ['x', 'conv'], outputs: ['map'], attributes: { pads: [1, 1, 1, 1] } },
  { opType: 'GlobalMaxPool', inputs: ['map'], outputs: ['top'] },
  { opType: 'Flatten', inputs: ['top'], outputs: ['flat'] },
  { opType: 'Gemm', inputs: ['flat', 'hidden', 'bias'], outputs: ['h1'], attributes: { transB: 1 } },
  { opType: 'MatMul', inputs: ['h1', 'next'], outputs: ['h2'] },
  { opType: 'MatMul', inputs: ['h2', 'last'], outputs: ['scores'] },
  { opType: 'Identity', inputs: ['scores'], outputs: ['y'] },
];
const model: OnnxModel = {
  irVersion: 9,
  opsets: { '': 20 },
  producer: 'test',
  graphName: 'g',
  nodes,
  initializers: weights,
  inputs: [{ name: 'x', dtype: 'float32', shape: ['N', 8, 6, 6] }],
  outputs: [{ name: 'y', dtype: 'float32', shape: ['N', 5] }],
  metadata: { note: 'kept' },
};

async function run(graph: OnnxModel): Promise<Float32Array> {
  const session = await createSession(encodeModel(graph), { threads: 1 });
  const { y } = await session.run({ x: numbers([3, 8, 6, 6], 9) });
  await session.release();
  return y!.data as Float32Array;
}

const dataOf = (graph: OnnxModel, name: string) => graph.initializers[name]!.data as Float32Array;

describe('quantiseWeights', () => {
  const quantised = quantiseWeights(model);

  it('rounds each output channel by at most half a step, along the axis its layer counts them on', () => {
    const wide = widenWeights(quantised);
    const axes: Record<string, number> = { conv: 0, hidden: 0, next: 1 };
    for (const [name, axis] of Object.entries(axes)) {
      const { shape } = weights[name]!;
      const inner = sizeOf(shape.slice(axis + 1));
      const channel = (i: number): number => Math.floor(i / inner) % shape[axis]!;
      const original = weights[name]!.data as Float32Array;
      const largest = new Float32Array(shape[axis]!);
      for (const [i, value] of original.entries()) largest[channel(i)] = Math.max(largest[channel(i)]!, Math.abs(value));
      const stepsOff = dataOf(wide, name).map((value, i) => (127 * Math.abs(value - original[i]!)) / largest[channel(i)]!);
      expect(Math.max(...stepsOff), name).toBeLessThan(0.501);
      expect(Math.max(...stepsOff), name).toBeGreaterThan(0.4);
      expect(quantised.initializers[`${name}.int8`]!.dtype).toBe('int8');
      expect(sizeOf(quantised.initializers[`${name}.scale`]!.shape)).toBe(shape[axis]);
    }
  });

  it('runs, near the float network, and equal to it with the rounded weights; the file keeps what else it held', async () => {
    const bytes = encodeModel(quantised);
    expect(bytes.length).toBeLessThan(0.4 * encodeModel(model).length);
    expect(decodeModel(bytes).metadata).toEqual({ note: 'kept' });
    const [whole, rounded, widened] = await Promise.all([run(model), run(quantised), run(widenWeights(quantised))]);
    expect(rounded).toEqual(widened);
    expect(rounded).not.toEqual(whole);
    const largest = Math.max(...whole.map(Math.abs));
    for (const [i, value] of rounded.entries()) expect(Math.abs(value - whole[i]!)).toBeLessThan(0.05 * largest);
  });

  it('leaves the last layer, biases and depthwise filters alone, and a weight that two layers read along different axes', () => {
    const depthwise = numbers([128, 1, 3, 3], 6);
    const shared = numbers([40, 40], 7);
    const { initializers } = quantiseWeights({
      ...model,
      initializers: { ...weights, depthwise, shared },
      nodes: [
        { opType: 'Conv', inputs: ['x', 'depthwise'], outputs: ['d'], attributes: { group: 128 } },
        { opType: 'Gemm', inputs: ['a', 'shared'], outputs: ['p'], attributes: { transB: 1 } },
        { opType: 'Gemm', inputs: ['a', 'shared'], outputs: ['q'] },
        ...nodes,
      ],
    });
    expect(initializers).toMatchObject({ depthwise, shared, last: weights.last, bias: weights.bias });
  });

  it('keeps a channel of zeros, and leaves a weight with infinity as it is', () => {
    const silent = new Float32Array(64 * 48).fill(0.5);
    silent.fill(0, 0, 48);
    const zeroed = widenWeights(quantiseWeights({ ...model, initializers: { ...weights, hidden: tensor.float32(silent, [64, 48]) } }));
    expect(
      dataOf(zeroed, 'hidden')
        .subarray(0, 48)
        .every((v) => v === 0),
    ).toBe(true);
    expect(dataOf(zeroed, 'hidden')[48]).toBeCloseTo(0.5);
    const broken = new Float32Array(64 * 48).fill(Number.POSITIVE_INFINITY);
    expect(quantiseWeights({ ...model, initializers: { ...weights, hidden: tensor.float32(broken, [64, 48]) } }).initializers.hidden!.dtype).toBe('float32');
  });

  it('starts from the float weights of a model that was halved, and changes nothing twice', () => {
    const fromHalf = quantiseWeights(halveWeights(model));
    expect(Object.keys(fromHalf.initializers).sort()).toEqual(Object.keys(quantised.initializers).sort());
    expect(quantiseWeights(quantised).initializers['conv.int8']).toEqual(quantised.initializers['conv.int8']);
  });
});

describe('widenWeights', () => {
  it('undoes halving to within half precision and leaves other models as they are', () => {
    const wide = widenWeights(halveWeights(model));
    expect(wide.nodes).toEqual(nodes);
    expect(Object.keys(wide.initializers).sort()).toEqual(Object.keys(weights).sort());
    expect(Math.max(...dataOf(wide, 'hidden').map((value, i) => Math.abs(value - dataOf(model, 'hidden')[i]!)))).toBeLessThan(2 ** -11);
    expect(widenWeights(model)).toEqual(model);
  });

  it('leaves casts of what is not a stored weight', () => {
    const cast: OnnxNode = { opType: 'Cast', inputs: ['x'], outputs: ['x2'], attributes: { to: 1 } };
    expect(widenWeights({ ...model, nodes: [cast, ...nodes] }).nodes[0]).toBe(cast);
  });
});
