import { createSession } from '@mien/onnx/node';
import { describe, expect, it } from 'vitest';
import { block as b, compareKernels, kernels, noBlocks } from '../test/compare-kernels.ts';
import { checkGradients } from '../test/finite-differences.ts';
import { uniform } from '../test/random.ts';
import { gradients } from './autodiff.ts';
import { Graph, type Value } from './graph.ts';
import { relu, sigmoid } from './ops/activation.ts';
import { add, mul } from './ops/arithmetic.ts';
import { conv } from './ops/conv.ts';
import { dense } from './ops/dense.ts';
import { scaleChannels } from './ops/gate.ts';
import { softmaxCrossEntropy } from './ops/loss.ts';
import { batchNorm } from './ops/normalization.ts';
import { globalAveragePool, maxPool } from './ops/pooling.ts';
import { reduceSum, sumAll } from './ops/reduce.ts';
import { flatten, unsqueeze } from './ops/shape.ts';

/** A residual block with squeeze-and-excitation, a pool and a classifier: every kind of branch and join there is. */
function smallNet(v: Readonly<Record<string, Value>>, targets: Value): Value {
  const stem = batchNorm(conv(v.x!, v.stem!), v.g1!, v.b1!, { activation: 'Relu' }).y;
  const inner = batchNorm(conv(stem, v.inner!, { stride: 2 }), v.g2!, v.b2!).y;
  const gate = sigmoid(dense(relu(dense(flatten(globalAveragePool(inner)), v.squeeze!)), v.excite!));
  const shortcut = conv(stem, v.shortcut!, { stride: 2, padding: 0 });
  const joined = relu(add(scaleChannels(inner, unsqueeze(gate, [2, 3])), shortcut));
  const pooled = maxPool(joined);
  return softmaxCrossEntropy(dense(flatten(add(globalAveragePool(pooled), globalAveragePool(pooled))), v.head!, v.bias!), targets);
}

function smallNetInputs(N: number, C: number) {
  const ones = (seed: number) => ({ shape: [C], values: uniform(C, seed, 0.7, 1.3) });
  return {
    x: [N, 1, 9, 8],
    stem: [C, 1, 3, 3],
    g1: ones(1),
    b1: [C],
    inner: [C, C, 3, 3],
    g2: ones(2),
    b2: [C],
    squeeze: [2, C],
    excite: [C, 2],
    shortcut: [C, C, 1, 1],
    head: [3, C],
    bias: [3],
  };
}

function smallTargets(N: number) {
  return { dtype: 'float32' as const, shape: [N, 3], data: Float32Array.from({ length: N * 3 }, (_, i) => (i % 3 === (i / 3) % 3 ? 0.9 : 0.05)) };
}

describe('gradients', () => {
  // Single precision, because convolutions have no double kernel: the step is a compromise, and the tolerance shows it.
  it('of a small residual network with squeeze-and-excitation are the differences', () =>
    checkGradients({
      inputs: smallNetInputs(2, 3),
      fixed: { t: smallTargets(2) },
      build: (v) => smallNet(v, v.t!),
      precision: 'float32',
      step: 2e-3,
      tolerance: 2e-2,
    }));

  it.skipIf(noBlocks).each([b, 3])(`of the same network blocked by ${kernels.block}, batch %i, are those of the standard kernels`, (N) => {
    const given = smallNetInputs(N, b);
    const inputs = Object.fromEntries(Object.entries(given).map(([name, g]) => [name, Array.isArray(g) ? g : (g as { shape: number[] }).shape]));
    return compareKernels({ inputs, fixed: { t: smallTargets(N) }, build: (v) => smallNet(v, v.t!) });
  });

  it('a value used many times gets the sum', () => checkGradients({ inputs: { x: [3] }, build: ({ x }) => add(mul(x!, mul(x!, x!)), add(x!, x!)) }));

  it('frozen parts get no nodes', () => {
    const build = (targets: 'head' | 'all'): number => {
      const g = new Graph('g');
      const w1 = g.parameter('w1', [4, 2, 3, 3]);
      const w2 = g.parameter('w2', [3, 4]);
      const loss = sumAll(dense(flatten(globalAveragePool(relu(conv(g.input('x', [2, 2, 5, 5]), w1)))), w2));
      const before = g.nodes.length;
      gradients(g, loss, targets === 'head' ? [w2] : [w1, w2]);
      return g.nodes.slice(before).filter((n) => ['Conv', 'ConvTranspose', 'Sign', 'Pad'].includes(n.opType)).length;
    };
    expect(build('head')).toBe(0);
    expect(build('all')).toBeGreaterThan(0);
  });

  it('leaves no tape of its own, and can be asked twice', async () => {
    const g = new Graph('g');
    const x = g.parameter('x', [2]);
    const loss = sumAll(mul(x, x));
    const tape = g.tape.length;
    const [first] = gradients(g, loss, [x]);
    const [second] = gradients(g, loss, [x]);
    expect(g.tape.length).toBe(tape);
    expect(g.recording).toBe(true);
    g.output('a', first!);
    g.output('b', second!);
    const session = await createSession(g.encode(), { threads: 1 });
    const out = await session.run({ x: { dtype: 'float32', shape: [2], data: Float32Array.of(3, -1) } });
    await session.release();
    expect([...(out.a!.data as Float32Array)]).toEqual([6, -2]);
    expect(out.b!.data).toEqual(out.a!.data);
  });

  it('names a target that does not influence the loss', () => {
    const g = new Graph('g');
    const x = g.parameter('x', [2]);
    const lost = g.parameter('lost', [2]);
    expect(() => gradients(g, reduceSum(x, [0]), [x, lost])).toThrow(/no gradient reaches lost/);
    expect(g.recording).toBe(true);
  });
});
