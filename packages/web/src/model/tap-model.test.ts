import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { decodeModel, encodeModel, halveWeights, type OnnxModel, quantiseWeights, tensor } from '@mien/onnx';
import { createSession } from '@mien/onnx/node';
import { defaultModelName, releasedModelsUrl } from '@mien/released-models';
import { loadRecogniser, readCard } from '@mien/runtime';
import { describe, expect, test } from 'vitest';
import { activationOutput, attentionOutput, featuresOutput, findHead, replaceHead, tapModel } from './tap-model.ts';

const bytes = new Uint8Array(readFileSync(fileURLToPath(new URL(`${defaultModelName}.onnx`, releasedModelsUrl))));
const numbers = (count: number, seed: number): Float32Array => Float32Array.from({ length: count }, (_, i) => Math.sin(seed + i * 1.7));

/** Two maps, an attention gate over them as CBAM's, pooling and a head of three classes with the weight as [D,K]. */
const small: OnnxModel = {
  irVersion: 8,
  opsets: { '': 17 },
  producer: 'test',
  graphName: 'test',
  metadata: {},
  nodes: [
    { opType: 'Conv', inputs: ['image', 'gate.weight'], outputs: ['gate.logit'], attributes: { kernel_shape: [3, 3], pads: [1, 1, 1, 1] } },
    { opType: 'Sigmoid', inputs: ['gate.logit'], outputs: ['gate'] },
    { opType: 'Mul', inputs: ['image', 'gate'], outputs: ['map'] },
    { opType: 'GlobalAveragePool', inputs: ['map'], outputs: ['pooled'] },
    { opType: 'Flatten', inputs: ['pooled'], outputs: ['flat'], attributes: { axis: 1 } },
    { opType: 'Gemm', inputs: ['flat', 'head.weight', 'head.bias'], outputs: ['dense'] },
    { opType: 'Identity', inputs: ['dense'], outputs: ['logits'] },
  ],
  initializers: {
    'gate.weight': tensor.float32(numbers(18, 1), [1, 2, 3, 3]),
    'head.weight': tensor.float32(Float32Array.of(1, 2, 3, 4, 5, 6), [2, 3]),
    'head.bias': tensor.float32(Float32Array.of(0.1, 0.2, 0.3), [3]),
  },
  inputs: [{ name: 'image', dtype: 'float32', shape: ['N', 2, 4, 4] }],
  outputs: [{ name: 'logits', dtype: 'float32', shape: ['N', 3] }],
};

async function run(model: OnnxModel, feeds: Parameters<Awaited<ReturnType<typeof createSession>>['run']>[0]): Promise<Record<string, Float32Array>> {
  const session = await createSession(encodeModel(model), { threads: 1 });
  const outputs = await session.run(feeds);
  await session.release();
  return Object.fromEntries(Object.entries(outputs).map(([name, { data }]) => [name, (data as Float32Array).slice()]));
}

const image = { image: tensor.float32(numbers(64, 3), [2, 2, 4, 4]) };

describe('a network with a dense head', () => {
  test('the head is found whichever way its weight lies', () => {
    const head = findHead(small, 'logits')!;
    expect([head.classes, head.features]).toEqual([3, 2]);
    expect([...head.weight]).toEqual([1, 4, 2, 5, 3, 6]);
    expect([...head.bias]).toEqual([...Float32Array.of(0.1, 0.2, 0.3)]);
  });

  test('the logits stay; a map’s mean plus the bias is the logit; features and attention are what the graph computes', async () => {
    const { model, outputs } = tapModel(small, 'logits');
    expect(outputs).toEqual([featuresOutput, activationOutput, attentionOutput]);
    const [plain, tapped] = await Promise.all([run(small, image), run(model, image)]);
    expect([...tapped.logits!]).toEqual([...plain.logits!]);
    const head = findHead(small, 'logits')!;
    for (let n = 0; n < 2; n++) {
      for (let k = 0; k < 3; k++) {
        const map = tapped[activationOutput]!.subarray((n * 3 + k) * 16, (n * 3 + k + 1) * 16);
        const mean = map.reduce((a, b) => a + b) / 16;
        expect(mean + head.bias[k]!).toBeCloseTo(plain.logits![n * 3 + k]!, 5);
        const dot = [0, 1].reduce((sum, d) => sum + head.weight[k * 2 + d]! * tapped[featuresOutput]![n * 2 + d]!, 0);
        expect(dot + head.bias[k]!).toBeCloseTo(plain.logits![n * 3 + k]!, 5);
      }
    }
    for (const v of tapped[attentionOutput]!) expect(v > 0 && v < 1).toBe(true);
  });

  test('another head can take its place, with another number of classes; nothing of the old one stays in the file', async () => {
    const weight = Float32Array.of(1, 0, 0, 1, 1, 1, -1, 0);
    const replaced = replaceHead(halveWeights(small), 'logits', weight, new Float32Array(4));
    expect(replaced.outputs[0]!.shape).toEqual(['N', 4]);
    expect(Object.keys(replaced.initializers).filter((name) => name.startsWith('head'))).toEqual([]);
    const { logits } = await run(replaced, image);
    const features = (await run(tapModel(small, 'logits').model, image))[featuresOutput]!;
    expect(logits![2]).toBeCloseTo(features[0]! + features[1]!, 5);
    expect(() => replaceHead(small, 'logits', new Float32Array(5), new Float32Array(2))).toThrow(/need 4 weights, got 5/);
  });
});

describe('two heads that share a dense layer', () => {
  const int64 = (value: number) => ({ dtype: 'int64' as const, shape: [1], data: BigInt64Array.of(BigInt(value)) });
  const slice = (from: string, to: string, output: string) => ({ opType: 'Slice', inputs: ['dense', from, to, 'one'], outputs: [output] });
  const shared: OnnxModel = {
    ...small,
    nodes: [...small.nodes.slice(0, 6), slice('zero', 'one', 'first'), slice('one', 'three', 'logits')],
    initializers: { ...small.initializers, zero: int64(0), one: int64(1), three: int64(3) },
    outputs: [
      { name: 'first', dtype: 'float32', shape: ['N', 1] },
      { name: 'logits', dtype: 'float32', shape: ['N', 2] },
    ],
  };

  test.each([
    ['float32', shared],
    ['float16', halveWeights(shared)],
    ['int8', quantiseWeights(shared)],
  ])('each has rows of it, %s', (_, model) => {
    const head = findHead(model, 'logits')!;
    expect([head.classes, head.features]).toEqual([2, 2]);
    for (const [i, value] of [2, 5, 3, 6].entries()) expect(head.weight[i]).toBeCloseTo(value, 1);
    for (const [i, value] of [0.2, 0.3].entries()) expect(head.bias[i]).toBeCloseTo(value, 2);
    expect(findHead(model, 'first')!.classes).toBe(1);
  });

  test('maps are of the head that was asked for', async () => {
    const { model, outputs } = tapModel(shared, 'logits');
    expect(outputs).toContain(activationOutput);
    const { logits, [activationOutput]: maps } = await run(model, image);
    const head = findHead(shared, 'logits')!;
    for (let i = 0; i < 4; i++) {
      const mean = maps!.subarray(i * 16, (i + 1) * 16).reduce((a, b) => a + b) / 16;
      expect(mean + head.bias[i % 2]!).toBeCloseTo(logits![i]!, 5);
    }
  });

  test('replacing one leaves the other', async () => {
    const replaced = replaceHead(shared, 'logits', Float32Array.of(1, 0, 0, 1, 1, 1), new Float32Array(3));
    const [before, after] = await Promise.all([run(shared, image), run(replaced, image)]);
    expect([...after.first!]).toEqual([...before.first!]);
    expect(after.logits).toHaveLength(6);
    expect(after.logits![2]).toBeCloseTo(after.logits![0]! + after.logits![1]!, 5);
  });
});

test('a network that ends in something else is left as it is', () => {
  const nodes = [...small.nodes.slice(0, 3), { opType: 'ReduceMax', inputs: ['map'], outputs: ['logits'] }];
  const odd = { ...small, nodes };
  expect(findHead(odd, 'logits')).toBeUndefined();
  expect(tapModel(odd, 'logits').outputs).toEqual([attentionOutput]);
  expect(() => replaceHead(odd, 'logits', new Float32Array(2), new Float32Array(1))).toThrow(RangeError);
});

test('the released model can be looked into, and its answers stay the same', async () => {
  const { output } = readCard(bytes);
  const { model, outputs } = tapModel(decodeModel(bytes), output.name);
  expect(outputs).toContain(featuresOutput);
  const picture = { width: 48, height: 48, channels: 1 as const, data: Uint8Array.from({ length: 48 * 48 }, (_, i) => (i * 37) % 256) };
  const plain = await loadRecogniser({ model: bytes, createSession, threads: 1 });
  const tapped = await loadRecogniser({ model: encodeModel(model), createSession, threads: 1, extraOutputs: outputs });
  const [[a], [b]] = [await plain.recognise(picture, 'whole'), await tapped.recognise(picture, 'whole')];
  for (const [k, logit] of a!.logits.entries()) expect(b!.logits[k]).toBeCloseTo(logit, 4);
  expect(b!.extra![featuresOutput]!.shape).toHaveLength(1);
  expect(a!.extra).toBeUndefined();
  await Promise.all([plain.release(), tapped.release()]);
  await expect(loadRecogniser({ model: bytes, createSession, threads: 1, extraOutputs: ['nothing'] })).rejects.toMatchObject({ code: 'bad-model' });
});
