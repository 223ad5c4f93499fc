import { createSession } from '@mien/onnx/node';
import { describe, expect, it } from 'vitest';
import { block as b, kernels as found, noBlocks } from '../test/compare-kernels.ts';
import { uniform } from '../test/random.ts';
import { infer, prepare, weightsOf } from '../test/training.ts';
import type { Kernels } from './kernels/kernels.ts';
import { standardKernels } from './kernels/kernels.ts';
import { convLayer } from './layers/conv-layer.ts';
import { denseLayer } from './layers/dense-layer.ts';
import { dropoutLayer } from './layers/dropout-layer.ts';
import { convNorm, denseNormLayer } from './layers/norm-layer.ts';
import { squeezeExcite } from './layers/squeeze-excite.ts';
import { describeNetwork, type MultiHeadNetwork, type Network } from './network.ts';
import { relu } from './ops/activation.ts';
import { add } from './ops/arithmetic.ts';
import { maxPool } from './ops/pooling.ts';
import { flatten } from './ops/shape.ts';
import { TrainStep, type TrainStepOptions } from './train-step.ts';

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

const prepared = (of: Network, batch: number, kernels: Kernels, movingRate?: number): Promise<TrainStep> =>
  prepare(of, input, { classes, batch, kernels, ...(movingRate === undefined ? {} : { movingRate }) });

const kinds: [string, Kernels][] = noBlocks
  ? [['standard', standardKernels]]
  : [
      ['standard', standardKernels],
      [`blocked by ${found.block}`, found],
    ];

describe.each(kinds)('TrainStep, %s', (_, kernels) => {
  it('gives weights back as they were loaded, moments too', async () => {
    const step = await prepared(network(0), b, kernels);
    expect(step.save()).toEqual(weightsOf(network(0), input));
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
    const logits = await infer(network(0), input, weights, step.images);
    for (let i = 0; i < step.logits.length; i++) expect(logits[i]).toBeCloseTo(step.logits[i]!, 3);
    await step.release();
  });

  it('moves statistics by a tenth a step', async () => {
    const [whole, tenth] = [await prepared(network(0), b, kernels, 1), await prepared(network(0), b, kernels)];
    const start = weightsOf(network(0), input);
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
    const weights = weightsOf(network(0), input);
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

describe('TrainStep with several heads', () => {
  const two: MultiHeadNetwork = (net, x) => {
    const features = flatten(convNorm(net, 'stem', 'stem_bn', x, { channels: b, activation: 'Relu' }));
    return { expression: denseLayer(net, 'expression', features, 3), votes: denseLayer(net, 'votes', features, 5) };
  };
  const batch = 4;
  const votes = uniform(batch * 5, 3, 0, 0.4);

  async function twoHeads(weight: number): Promise<TrainStep> {
    const step = await TrainStep.create({
      network: two,
      input,
      heads: { expression: { classes: 3 }, votes: { classes: 5, weight } },
      batch,
      kernels: standardKernels,
      createSession,
      threads: 1,
    });
    step.load(weightsOf(two, input));
    step.images.set(uniform(step.images.length, 77));
    for (let n = 0; n < batch; n++) step.targets[n * 3 + (n % 3)] = 1;
    step.targetsOf('votes').set(votes);
    return step;
  }

  /** Mean cross entropy, by hand. */
  function crossEntropy(logits: Float32Array, targets: Float32Array): number {
    const K = logits.length / batch;
    let sum = 0;
    for (let n = 0; n < batch; n++) {
      const row = logits.subarray(n * K, (n + 1) * K);
      const logSum = Math.log(row.reduce((total, z) => total + Math.exp(z), 0));
      for (let k = 0; k < K; k++) sum += targets[n * K + k]! * (logSum - row[k]!);
    }
    return sum / batch;
  }

  it('sums weight times cross entropy, in the loss and in every gradient', async () => {
    const step = await twoHeads(0.25);
    expect(step.heads).toEqual(['expression', 'votes']);
    const loss = await step.run();
    const byHand = crossEntropy(step.logits, step.targets) + 0.25 * crossEntropy(step.logitsOf('votes'), step.targetsOf('votes'));
    expect(loss).toBeCloseTo(byHand, 5);
    const [a, c] = [await twoHeads(0), await twoHeads(1)];
    const [lossA, lossC] = [await a.run(), await c.run()];
    expect(loss).toBeCloseTo(lossA + 0.25 * (lossC - lossA), 5);
    for (const [i, { gradients }] of step.slots.entries()) {
      const [ga, gc] = [a.slots[i]!.gradients, c.slots[i]!.gradients];
      for (const [k, g] of gradients.entries()) expect(g).toBeCloseTo(ga[k]! + 0.25 * (gc[k]! - ga[k]!), 5);
    }
    for (const each of [step, a, c]) await each.release();
  });

  it('rows without votes teach nothing', async () => {
    const step = await twoHeads(1);
    await step.run();
    const before = step.slots.find((s) => s.name === 'votes.weight')!.gradients.slice();
    step.targetsOf('votes').fill(0, 5);
    const loss = await step.run();
    expect(Number.isFinite(loss)).toBe(true);
    const one = step.slots.find((s) => s.name === 'votes.weight')!.gradients.slice();
    expect(one).not.toEqual(before);
    step.targetsOf('votes').fill(0);
    await step.run();
    expect(step.slots.find((s) => s.name === 'votes.weight')!.gradients.every((g) => g === 0)).toBe(true);
    expect(step.slots.find((s) => s.name === 'expression.weight')!.gradients.some((g) => g !== 0)).toBe(true);
    await step.release();
  });

  it('names heads that do not fit', async () => {
    const make = (heads: TrainStepOptions['heads'], of: MultiHeadNetwork | Network = two, more: Partial<TrainStepOptions> = {}) =>
      TrainStep.create({ network: of, input, ...(heads ? { heads } : {}), batch, kernels: standardKernels, createSession, ...more });
    await expect(make({ expression: { classes: 3 } })).rejects.toThrow('the network puts out expression, votes, the training asks for expression');
    await expect(make({ expression: { classes: 3 }, votes: { classes: 7 } })).rejects.toThrow(
      'head votes: the network puts out [4,5], the training has 7 classes',
    );
    await expect(make(undefined)).rejects.toThrow('give either `classes`, for a network of one output, or `heads`');
    await expect(make({ a: { classes: 3 } }, two, { classes: 3 })).rejects.toThrow('give either');
    const step = await twoHeads(1);
    expect(() => step.targetsOf('age')).toThrow("there is no head age; the network's are expression, votes");
    expect(() => step.teacherOf('votes')).toThrow('head votes was built without distillation');
    await step.release();
  });

  it('a single output may be given a name of its own', async () => {
    const step = await prepare(network(0), input, { batch: 2, kernels: standardKernels, heads: { expression: { classes } } });
    expect(step.heads).toEqual(['expression']);
    expect(step.targetsOf('expression')).toBe(step.targets);
    expect(Number.isFinite(await step.run())).toBe(true);
    await step.release();
  });
});

describe('TrainStep with a teacher', () => {
  const heads = { logits: { classes, weight: 0, distillation: { temperature: 3, weight: 0.5 } } };

  it('has no loss and no gradient where it answers as the teacher does', async () => {
    const step = await prepare(network(0), input, { batch: 4, kernels: standardKernels, heads });
    step.teacherOf('logits').set(uniform(4 * classes, 5));
    expect(await step.run()).toBeGreaterThan(0.01);
    step.teacherOf('logits').set(step.logits);
    expect(await step.run()).toBeCloseTo(0, 6);
    for (const { gradients } of step.slots) for (const g of gradients) expect(g).toBeCloseTo(0, 5);
    await step.release();
  });
});

describe('TrainStep and numbers that are not finite', () => {
  it('NaN in an image is seen, though ReLU may swallow it, and named', async () => {
    const step = await prepared(network(0), 4, standardKernels);
    expect(Number.isFinite(await step.run())).toBe(true);
    expect(step.diagnose()).toBeUndefined();
    const statistics = step.stored.get('stem_bn.running_mean')!.slice();
    step.images[2 * 99 + 5] = Number.NaN;
    expect(await step.run()).toBeNaN();
    expect(step.diagnose()).toBe('image 2 holds NaN');
    expect(step.stored.get('stem_bn.running_mean')).toEqual(statistics);
    await step.release();
  });

  it('infinite targets and broken weights are named', async () => {
    const step = await prepared(network(0), 4, standardKernels);
    step.targets[classes] = Number.POSITIVE_INFINITY;
    expect(await step.run()).toBeNaN();
    expect(step.diagnose()).toBe('target of head logits, row 1 holds Infinity');
    step.targets[classes] = 0;
    step.stored.get('head.bias')![0] = Number.NaN;
    expect(await step.run()).toBeNaN();
    expect(step.diagnose()).toBe('weight head.bias holds NaN');
    await step.release();
  });

  it('a loss that overflows comes out as it is, and statistics stay', async () => {
    const step = await prepared(network(0), 4, standardKernels);
    step.stored.get('head.weight')!.fill(1e38);
    step.stored.get('head.bias')!.set([1e38, -1e38, 0]);
    const statistics = step.stored.get('norm.running_var')!.slice();
    expect(Number.isFinite(await step.run())).toBe(false);
    expect(step.stored.get('norm.running_var')).toEqual(statistics);
    await step.release();
  });
});
