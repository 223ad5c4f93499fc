import { decodeModel, tensor } from '@mien/onnx';
import { createSession } from '@mien/onnx/node';
import { expect, it } from 'vitest';
import { standardKernels } from './kernels/kernels.ts';
import { denseLayer } from './layers/dense-layer.ts';
import { prepare } from '../test/training.ts';
import { buildNetwork, describeNetwork, type Network } from './network.ts';
import { concat } from './ops/concat.ts';
import { globalAveragePool } from './ops/pooling.ts';
import { flatten } from './ops/shape.ts';

/** Logits of the mean of the picture and three numbers beside it. */
const network: Network = (net, x) => denseLayer(net, 'head', concat([flatten(globalAveragePool(x)), net.scope('side').input('marks', [3])], 1), 2);

it('a network reads numbers beside its images: in training, in its description and in the exported file', async () => {
  expect(describeNetwork(network, [1, 4, 4]).secondInputs).toEqual([{ name: 'marks', shape: [3] }]);
  const step = await prepare(network, [1, 4, 4], { batch: 2, classes: 2, kernels: standardKernels });
  const marks = step.inputs.get('marks')!;
  expect([...step.inputs.keys()]).toEqual(['marks']);
  expect(marks).toHaveLength(6);
  marks.set([1, 0, 0, 0, 0, -2]);
  await step.run();
  const logits = step.logits.slice();
  // d loss / d W of a mark is the sum over rows of the logit's gradient times the mark.
  const weights = step.slots.find(({ name }) => name === 'head.weight')!;
  const gradient = (c: number, i: number): number => weights.gradients[c * 4 + i]!;
  expect(gradient(0, 1)).not.toBe(0);
  expect(gradient(0, 2)).toBe(0);
  const saved = step.save();
  const built = buildNetwork(network, [1, 4, 4], { mode: 'infer', batch: 1, weights: saved, symbolicBatch: true });
  built.graph.output('logits', built.logits, { symbolicBatch: true });
  const bytes = built.graph.encode();
  expect(decodeModel(bytes).inputs).toMatchObject([
    { name: 'image', shape: ['N', 1, 4, 4] },
    { name: 'marks', shape: ['N', 3] },
  ]);
  const session = await createSession(bytes, { threads: 1 });
  const outputs = await session.run({ image: tensor.float32(step.images.slice(), [2, 1, 4, 4]), marks: tensor.float32(marks.slice(), [2, 3]) });
  for (const [i, value] of (outputs.logits!.data as Float32Array).entries()) expect(value).toBeCloseTo(logits[i]!, 5);
  await session.release();
  marks[4] = Number.NaN;
  expect(await step.run()).toBeNaN();
  expect(step.diagnose()).toBe('marks 1 holds NaN');
  await step.release();
});

it('most networks read nothing but images', async () => {
  const plain: Network = (net, x) => denseLayer(net, 'head', flatten(globalAveragePool(x)), 2);
  expect(describeNetwork(plain, [1, 4, 4]).secondInputs).toEqual([]);
  const step = await prepare(plain, [1, 4, 4], { batch: 2, classes: 2, kernels: standardKernels });
  expect(step.inputs.size).toBe(0);
  await step.release();
});
