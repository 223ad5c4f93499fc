import { describe, expect, it } from 'vitest';
import { halveWeights } from './half-weights.ts';
import { decodeModel } from './decode-model.ts';
import { encodeModel, type OnnxModel } from './model-file.ts';
import { createSession } from './node/index.ts';
import { quantiseWeights } from './quantise-weights.ts';
import { tensor } from './tensor.ts';
import { widenWeights } from './widen-weights.ts';

const D = 40;
const K = 16;
const weights = Float32Array.from({ length: D * K }, (_, i) => Math.sin(i * 12.9898));
const bias = Float32Array.from({ length: K }, (_, i) => Math.cos(i));

function gemm(w: Float32Array): OnnxModel {
  return {
    irVersion: 9,
    opsets: { '': 20 },
    producer: 'test',
    graphName: 'g',
    nodes: [{ opType: 'Gemm', inputs: ['x', 'w', 'b'], outputs: ['y'] }],
    initializers: { w: tensor.float32(w, [D, K]), b: tensor.float32(bias, [K]) },
    inputs: [{ name: 'x', dtype: 'float32', shape: ['N', D] }],
    outputs: [{ name: 'y', dtype: 'float32', shape: ['N', K] }],
    metadata: { note: 'kept' },
  };
}

describe('halveWeights', () => {
  it('keeps outputs within half precision in a real session, at about half the size', async () => {
    const whole = encodeModel(gemm(weights));
    const half = encodeModel(halveWeights(decodeModel(whole)));
    expect(half.length).toBeLessThan(whole.length * 0.62);
    expect(decodeModel(half).metadata).toEqual({ note: 'kept' });
    const x = tensor.float32(
      Float32Array.from({ length: 3 * D }, (_, i) => Math.cos(i * 0.7)),
      [3, D],
    );
    const [a, b] = await Promise.all(
      [whole, half].map(async (bytes) => {
        const session = await createSession(bytes, { threads: 1 });
        const { y } = await session.run({ x });
        await session.release();
        return y!.data as Float32Array;
      }),
    );
    for (let n = 0; n < 3; n++) {
      for (let k = 0; k < K; k++) {
        let bound = 1e-5;
        for (let d = 0; d < D; d++) bound += 2 ** -11 * Math.abs(weights[d * K + k]! * (x.data[n * D + d] as number));
        expect(Math.abs(a![n * K + k]! - b![n * K + k]!)).toBeLessThan(bound);
      }
    }
    expect(a).not.toEqual(b);
  });

  it('of a file of int8 weights writes those out first, so that no scale is rounded', () => {
    const K = 600;
    // One channel of tiny weights, whose scale float16 could not hold.
    const small = Float32Array.from({ length: K * 2 }, (_, i) => (i < 2 ? 1e-7 : Math.sin(i)));
    const model = { ...gemm(weights), initializers: { w: tensor.float32(small, [K, 2, 1, 1]), b: tensor.float32(bias, [16]) } };
    const halved = halveWeights(quantiseWeights(model));
    expect(Object.keys(halved.initializers).sort()).toEqual(['b', 'w.float16']);
    const [first] = (widenWeights(halved).initializers.w!.data as Float32Array).slice(0, 1);
    expect(first).toBeGreaterThan(0.5e-7);
  });

  it('leaves biases, norms of any width and other types alone', () => {
    const model = gemm(weights);
    const wide = tensor.float32(new Float32Array(1024).fill(1e-9), [1024]);
    const ids = tensor.int64(new Array<number>(600).fill(3));
    const { initializers } = halveWeights({ ...model, initializers: { ...model.initializers, wide, ids } });
    expect(initializers.b).toBe(model.initializers.b);
    expect(initializers.wide).toBe(wide);
    expect(initializers.ids).toBe(ids);
    expect(initializers['w.float16']!.dtype).toBe('float16');
  });

  it('keeps a tensor that half precision cannot hold', () => {
    const large = weights.slice();
    large[7] = 70000;
    expect(halveWeights(gemm(large)).initializers.w!.dtype).toBe('float32');
  });
});
