import { createSession } from '@mien/onnx/node';
import { describe, expect, it } from 'vitest';
import { block as b, kernels as found, noBlocks } from '../test/compare-kernels.ts';
import { randomSource, uniform } from '../test/random.ts';
import type { Random } from './initializers.ts';
import type { Kernels } from './kernels/kernels.ts';
import { standardKernels } from './kernels/kernels.ts';
import { convLayer, convNorm, denseLayer, denseNormLayer, dropoutLayer, squeezeExcite } from './layers.ts';
import { buildNetwork, describeNetwork, type Network } from './network.ts';
import { relu } from './ops/activation.ts';
import { add } from './ops/arithmetic.ts';
import { maxPool } from './ops/pooling.ts';
import { flatten } from './ops/shape.ts';
import { TrainStep } from './train-step.ts';

const input = [1, 9, 11];
const classes = 3;

/** Every layer with weights or statistics, a residual inside a norm, and (chosen) dropout. */
const network =
  (rate: number): Network =>
  (net, x) => {
    const stem = convNorm(net, 'stem', 'stem_bn', x, { channels: b, activation: 'Relu' });
    const inner = convNorm(net.scope('block'), 'conv', 'bn', stem, { channels: b, residual: stem, activation: 'Relu' });
    const gated = add(squeezeExcite(net, 'se', inner, 2), inner);
    const pooled = maxPool(relu(convLayer(net, 'last', gated, { channels: 2 * b, stride: 2 })));
    const hidden = denseNormLayer(net, 'norm', denseLayer(net, 'dense', flatten(dropoutLayer(net, 'drop', pooled, rate)), 6));
    return denseLayer(net, 'head', hidden, classes);
  };

function random(seed: number): Random {
  const next = randomSource(seed);
  return { next, normal: () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()) };
}

/** First weights, with norms and statistics away from 1 and 0. */
function weightsOf(of: Network): Map<string, Float32Array> {
  const { specs } = buildNetwork(of, input, { mode: 'infer', batch: 1 });
  return new Map(
    specs.map((spec, i) => {
      const values = spec.initializer(spec.shape, random(i));
      if (spec.shape.length > 1) return [spec.name, values];
      const noise = uniform(values.length, i, 0.01, 0.3);
      return [spec.name, values.map((v, k) => v + noise[k]!)];
    }),
  );
}

async function prepared(of: Network, batch: number, kernels: Kernels, movingRate?: number): Promise<TrainStep> {
  const step = await TrainStep.create({
    network: of,
    input,
    classes,
    batch,
    kernels,
    createSession,
    threads: 1,
    ...(movingRate === undefined ? {} : { movingRate }),
  });
  step.load(weightsOf(of));
  step.images.set(uniform(step.images.length, 77));
  for (let n = 0; n < batch; n++)
    step.targets.set(
      [0.8, 0.1, 0.1].map((_, k) => (k === n % 3 ? 0.8 : 0.1)),
      n * classes,
    );
  for (const mask of step.masks) mask.data.fill(1);
  return step;
}

const kinds: [string, Kernels][] = noBlocks
  ? [['standard', standardKernels]]
  : [
      ['standard', standardKernels],
      [`blocked by ${found.block}`, found],
    ];

describe.each(kinds)('TrainStep, %s', (_, kernels) => {
  it('gives weights back as they were loaded, moments too', async () => {
    const step = await prepared(network(0), b, kernels);
    expect(step.save()).toEqual(weightsOf(network(0)));
    for (const { name, weights } of step.slots) {
      const plain = step.toPlain(name, weights);
      const back = new Float32Array(plain.length);
      step.fromPlain(name, plain, back);
      expect(back).toEqual(weights);
    }
    await step.release();
  });

  it('the same step twice gives the same bits', async () => {
    const run = async () => {
      const step = await prepared(network(0.25), b, kernels);
      const loss = await step.run();
      const gradients = step.slots.map((s) => s.gradients.slice());
      await step.release();
      return { loss, gradients };
    };
    expect(await run()).toEqual(await run());
  });

  it('descends: a small step against the gradient lowers the loss by η·|g|²', async () => {
    const step = await prepared(network(0), b, kernels);
    const before = await step.run();
    let square = 0;
    for (const s of step.slots) for (const g of s.gradients) square += g * g;
    const rate = 1e-3 / Math.sqrt(square);
    for (const s of step.slots) for (let i = 0; i < s.weights.length; i++) s.weights[i] = s.weights[i]! - rate * s.gradients[i]!;
    const drop = before - (await step.run());
    expect(drop / (rate * square)).toBeGreaterThan(0.9);
    expect(drop / (rate * square)).toBeLessThan(1.1);
    await step.release();
  });

  it('moves statistics towards those of the batch; the inference network with them gives the logits of training', async () => {
    const step = await prepared(network(0), b, kernels, 1);
    await step.run();
    const weights = step.save();
    // Training normalises by the biased variance and keeps the unbiased one.
    const rows = describeNetwork(network(0), input).layers.filter((l) => l.type === 'batch-norm');
    for (const { name, output } of rows) {
      const count = b * output[1]! * output[2]!;
      const variance = weights.get(`${name}.running_var`)!;
      for (let i = 0; i < variance.length; i++) variance[i] = (variance[i]! * (count - 1)) / count;
    }
    const built = buildNetwork(network(0), input, { mode: 'infer', batch: 1, weights, symbolicBatch: true });
    built.graph.output('logits', built.logits, { symbolicBatch: true });
    const session = await createSession(built.graph.encode(), { threads: 1 });
    const { logits } = await session.run({ image: { dtype: 'float32', shape: [b, ...input], data: step.images } });
    for (let i = 0; i < step.logits.length; i++) expect(logits!.data[i]).toBeCloseTo(step.logits[i]!, 3);
    await session.release();
    await step.release();
  });

  it('moves statistics by a tenth a step', async () => {
    const [whole, tenth] = [await prepared(network(0), b, kernels, 1), await prepared(network(0), b, kernels)];
    const start = weightsOf(network(0));
    await whole.run();
    await tenth.run();
    const [target, moved] = [whole.save(), tenth.save()];
    for (const name of ['stem_bn.running_mean', 'stem_bn.running_var', 'block.bn.running_mean', 'norm.running_mean', 'norm.running_var']) {
      for (let i = 0; i < start.get(name)!.length; i++) {
        const from = start.get(name)![i]!;
        expect(moved.get(name)![i]).toBeCloseTo(from + 0.1 * (target.get(name)![i]! - from), 4);
      }
    }
    await whole.release();
    await tenth.release();
  });
});

describe('TrainStep', () => {
  it('names a weight that is missing or of another size', async () => {
    const step = await prepared(network(0), 2, standardKernels);
    const weights = weightsOf(network(0));
    weights.set('head.bias', new Float32Array(4));
    expect(() => step.load(weights)).toThrow('weight head.bias [3] needs 3 values, got 4');
    weights.delete('head.bias');
    expect(() => step.load(weights)).toThrow('weight head.bias [3] needs 3 values, got none');
    await step.release();
  });

  it('asks for dropout masks by name, and none where the rate is 0', async () => {
    const step = await prepared(network(0.25), 2, standardKernels);
    expect(step.masks.map(({ name, rate, shape }) => ({ name, rate, shape }))).toEqual([{ name: 'drop.mask', rate: 0.25, shape: [2, 2 * b, 2, 3] }]);
    await step.release();
    const none = await prepared(network(0), 2, standardKernels);
    expect(none.masks).toEqual([]);
    await none.release();
  });

  it('batch 1 works', async () => {
    const step = await prepared(network(0), 1, found);
    expect(Number.isFinite(await step.run())).toBe(true);
    await step.release();
  });
});
