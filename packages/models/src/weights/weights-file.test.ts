import { buildNetwork, convNorm, denseLayer, flatten, globalAveragePool, type Network } from '@mien/engine';
import { decodeModel, encodeModel, halveWeights, type OnnxModel, quantiseWeights, sizeOf, tensor } from '@mien/onnx';
import { UserError } from '@mien/runtime';
import { describe, expect, it } from 'vitest';
import { importWeights } from './import-weights.ts';
import { decodeSafetensors, encodeSafetensors, type NamedTensor } from './safetensors.ts';
import { decodeWeights, encodeWeights, weightsFormat } from './weights-file.ts';

const network: Network = (net, x) => {
  const y = convNorm(net.scope('layer1.0'), 'conv1', 'bn1', x, { channels: 32 });
  return denseLayer(net, 'fc', flatten(globalAveragePool(y)), 4);
};
const input = [3, 8, 8];
const { specs } = buildNetwork(network, input, { mode: 'infer', batch: 1 });
const weights = new Map(specs.map(({ name, shape }) => [name, Float32Array.from({ length: sizeOf(shape) }, (_, i) => Math.sin(i + name.length))]));

/** A PyTorch export: names it made up for what it folded, the layers in the names of nodes. */
function exported(changes: Partial<OnnxModel> = {}): Uint8Array {
  const conv = weights.get('layer1.0.conv1.weight')!;
  const dense = weights.get('fc.weight')!;
  return encodeModel({
    irVersion: 9,
    opsets: { '': 17 },
    producer: 'pytorch',
    graphName: 'main_graph',
    nodes: [
      { opType: 'Conv', name: '/layer1/layer1.0/conv1/Conv', inputs: ['x', 'onnx::Conv_19', 'onnx::Conv_20'], outputs: ['a'] },
      { opType: 'Gemm', name: '/fc/Gemm', inputs: ['a', 'fc.weight', 'fc.bias'], outputs: ['b'], attributes: { transB: 1 } },
      { opType: 'MatMul', name: '/blocks/blocks.1/mlp/fc1/MatMul', inputs: ['b', 'onnx::MatMul_31'], outputs: ['c'] },
      { opType: 'Gemm', name: '/plain/Gemm', inputs: ['c', '33', '34'], outputs: ['d'] },
      { opType: 'Reshape', name: '/Reshape', inputs: ['d', 'shape'], outputs: ['e'] },
    ],
    initializers: {
      'onnx::Conv_19': tensor.float32(conv, [32, 3, 3, 3]),
      'onnx::Conv_20': tensor.float32(new Float32Array(32).fill(0.5), [32]),
      'fc.weight': tensor.float32(dense, [4, 32]),
      'fc.bias': tensor.float32(new Float32Array(4), [4]),
      'onnx::MatMul_31': tensor.float32(Float32Array.of(1, 2, 3, 4, 5, 6), [2, 3]),
      '33': tensor.float32(Float32Array.of(1, 2), [1, 2]),
      '34': tensor.float32(Float32Array.of(7, 8), [2]),
      shape: tensor.int64([1, -1]),
    },
    inputs: [{ name: 'x', dtype: 'float32', shape: ['N', 3, 8, 8] }],
    outputs: [{ name: 'e', dtype: 'float32', shape: [1, 2] }],
    metadata: { licence: 'MIT' },
    ...changes,
  });
}

describe('ONNX', () => {
  it('names come from the nodes where the exporter made them up; dense weights are [out,in]', () => {
    const { tensors, metadata } = decodeWeights(exported(), 'model.onnx');
    expect([...tensors.keys()].sort()).toEqual([
      'blocks.1.mlp.fc1.weight',
      'fc.bias',
      'fc.weight',
      'layer1.0.conv1.bias',
      'layer1.0.conv1.weight',
      'plain.bias',
      'plain.weight',
    ]);
    expect(tensors.get('blocks.1.mlp.fc1.weight')).toEqual({ shape: [3, 2], data: Float32Array.of(1, 4, 2, 5, 3, 6) });
    expect(tensors.get('plain.weight')!.shape).toEqual([2, 1]);
    expect(tensors.get('fc.weight')!.shape).toEqual([4, 32]);
    expect(metadata).toEqual({ licence: 'MIT' });
    const found = importWeights({ network, input }, tensors);
    expect([...found.folded.values()]).toEqual([
      { conv: 'layer1.0.conv1', norm: 'layer1.0.bn1', epsilon: expect.closeTo(1e-5, 8), bias: new Float32Array(32).fill(0.5) },
    ]);
    expect(found.missing).toEqual([]);
    expect(found.weights.get('fc.weight')).toEqual(weights.get('fc.weight'));
  });

  it('takes Mien’s own models, halved ones too', () => {
    const built = buildNetwork(network, input, { mode: 'infer', batch: 1, weights });
    built.graph.output('logits', built.logits);
    const whole = built.graph.encode();
    const found = importWeights({ network, input }, decodeWeights(whole, 'm.onnx').tensors);
    expect(found.weights).toEqual(weights);
    const halved = importWeights({ network, input }, decodeWeights(encodeModel(halveWeights(decodeModel(whole))), 'm.onnx').tensors);
    expect(halved.missing).toEqual([]);
    const conv = 'layer1.0.conv1.weight';
    expect(halved.weights.get(conv)).not.toEqual(weights.get(conv));
    for (const [i, v] of halved.weights.get(conv)!.entries()) expect(v).toBeCloseTo(weights.get(conv)![i]!, 3);
  });

  it('takes Mien’s own models of int8 weights, by the names of the whole ones', () => {
    // Wide enough for its second convolution to be rounded.
    const wide: Network = (net, x) => {
      const y = convNorm(net, 'conv1', 'bn1', x, { channels: 32 });
      return denseLayer(net, 'fc', flatten(globalAveragePool(convNorm(net, 'conv2', 'bn2', y, { channels: 32 }))), 4);
    };
    const whole = buildNetwork(wide, input, { mode: 'infer', batch: 1 });
    const given = new Map(whole.specs.map(({ name, shape }) => [name, Float32Array.from({ length: sizeOf(shape) }, (_, i) => Math.sin(i + name.length))]));
    const built = buildNetwork(wide, input, { mode: 'infer', batch: 1, weights: given });
    built.graph.output('logits', built.logits);
    const quantised = quantiseWeights(decodeModel(built.graph.encode()));
    expect(quantised.initializers['conv2.weight.int8']!.dtype).toBe('int8');
    const found = importWeights({ network: wide, input }, decodeWeights(encodeModel(quantised), 'm.onnx').tensors);
    expect(found).toMatchObject({ missing: [], skipped: [] });
    const conv = found.weights.get('conv2.weight')!;
    // Half a step of a channel whose largest weight is 1.
    for (const [i, v] of conv.entries()) expect(Math.abs(v - given.get('conv2.weight')![i]!)).toBeLessThan(0.0041);
    expect(found.weights.get('conv1.weight')).toEqual(given.get('conv1.weight'));
  });
});

/** A safetensors file of one tensor whose header has this many bytes. */
function withHeaderOf(length: number): Uint8Array {
  const tensors = new Map([['w', { shape: [1], data: Float32Array.of(3) }]]);
  const bytes = encodeSafetensors({ tensors, metadata: { padding: 'x'.repeat(length - 100) } });
  // What is left of the header is filled with spaces, as the format allows.
  const own = Number(new DataView(bytes.buffer).getBigUint64(0, true));
  const out = new Uint8Array(8 + length + 4).fill(0x20);
  new DataView(out.buffer).setBigUint64(0, BigInt(length), true);
  out.set(bytes.subarray(8, 8 + own), 8);
  out.set(bytes.subarray(8 + own), 8 + length);
  return out;
}

describe('safetensors whose header length reads as the beginning of another format', () => {
  // 0x0280 … 0x0580 are the first bytes of a pickle, 0x4b50 of a zip.
  it.each([640, 896, 1152, 1408, 19280])('%i bytes', (length) => {
    const bytes = withHeaderOf(length);
    expect(decodeWeights(bytes, 'model.safetensors').tensors.get('w')!.data).toEqual(Float32Array.of(3));
    expect(decodeWeights(bytes, 'without-its-name').tensors.size).toBe(1);
  });
});

describe('tensors of types that are not read', () => {
  const header = (entries: object): Uint8Array => {
    const json = new TextEncoder().encode(JSON.stringify(entries));
    const bytes = new Uint8Array(8 + json.length + 4);
    new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
    bytes.set(json, 8);
    return bytes;
  };
  it('are listed; a file of nothing else is refused with their types', () => {
    const mask = { mask: { dtype: 'BOOL', shape: [2], data_offsets: [0, 2] } };
    const some = decodeWeights(header({ ...mask, w: { dtype: 'F16', shape: [1], data_offsets: [2, 4] } }), 'f');
    expect([...some.tensors.keys()]).toEqual(['w']);
    expect(some.unread).toEqual([{ name: 'mask', shape: [2], type: 'BOOL' }]);
    expect(() => decodeWeights(header({ ...mask, q: { dtype: 'I8', shape: [2], data_offsets: [2, 4] } }), 'f')).toThrow(
      /expected weights, .*2 tensors are of types that are not read \(BOOL, I8\)/,
    );
  });
});

describe('checkpoints', () => {
  const file = (prefixes: string[]): Uint8Array => {
    const entries = prefixes.flatMap((prefix, i) =>
      specs.map(({ name, shape }): [string, NamedTensor] => [`${prefix}/${name}`, { shape, data: weights.get(name)!.map((v) => v + i) }]),
    );
    return encodeSafetensors({ tensors: new Map(entries), metadata: { format: 'mien-checkpoint-1' } });
  };

  it('give their average where they keep one, else their weights', () => {
    const plain = decodeWeights(file(['weights', 'optimizer']), 'last.safetensors');
    expect(importWeights({ network, input }, plain.tensors).weights).toEqual(weights);
    const averaged = decodeWeights(file(['weights', 'optimizer', 'average']), 'last.safetensors');
    expect(averaged.tensors.get('fc.bias')!.data[0]).toBeCloseTo(weights.get('fc.bias')![0]! + 2, 5);
  });
});

describe('files for a recipe', () => {
  it('hold the weights in the order of the network, and where they come from', () => {
    const some = new Map([...weights].reverse().filter(([name]) => !name.startsWith('fc.')));
    const { tensors, metadata } = decodeSafetensors(encodeWeights(some, { network, input }, { source: 'timm/x', licence: 'MIT' }), 'f');
    expect([...tensors.keys()]).toEqual(specs.map(({ name }) => name).filter((name) => !name.startsWith('fc.')));
    expect(tensors.get('layer1.0.conv1.weight')).toEqual({ shape: [32, 3, 3, 3], data: weights.get('layer1.0.conv1.weight') });
    expect(metadata).toEqual({ format: weightsFormat, source: 'timm/x', licence: 'MIT' });
  });
});

/** An ONNX file with a tensor of this name, whose element type there is not. */
function withoutAType(name: string): Uint8Array {
  const bytes = exported({ nodes: [], initializers: { [name]: tensor.float32(Float32Array.of(1), [1]) } });
  // The type stands before the name: its number, then the tag and the length of the name.
  bytes[Buffer.from(bytes).indexOf(name) - 3] = 127;
  return bytes;
}

describe('what is no weights file', () => {
  const bytes = (...values: number[]): Uint8Array => Uint8Array.of(...values, ...new Uint8Array(32));
  it.each([
    ['nothing', new Uint8Array(0), 'empty-file', /0 bytes/],
    ['a PyTorch zip', bytes(0x50, 0x4b, 3, 4), 'pickle', /can run any code.*safetensors\.torch\.save_file/],
    ['an old PyTorch pickle', bytes(0x80, 2, 0x8a), 'pickle', /PyTorch/],
    ['a pickle with a brace where safetensors has one', bytes(0x80, 2, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0x7b), 'pickle', /PyTorch/],
    ['a zip with a brace there', bytes(0x50, 0x4b, 3, 4, 0, 0, 0, 0, 0x7b), 'pickle', /PyTorch/],
    ['a picture', bytes(0xff, 0xd8, 0xff, 0xe0), 'bad-onnx', /cannot be read as either/],
    ['text', new TextEncoder().encode('Dear model,\nplease find enclosed'), 'bad-onnx', /cannot be read as either/],
    ['safetensors without tensors', encodeSafetensors({ tensors: new Map(), metadata: {} }), 'no-tensors', /no tensor/],
    ['ONNX without weights', exported({ nodes: [], initializers: {} }), 'no-tensors', /no tensor/],
    ['a tensor of a name that would forge lines', withoutAType('w\n\u001b[2J'), 'bad-onnx', /ONNX tensor w\?\?\[2J: .*element type 127/],
    ['half of an ONNX file', exported().subarray(0, 900), 'bad-onnx', /cannot be read as either/],
    ['half of a safetensors file', encodeWeights(weights, { network, input }, {}).subarray(0, 1500), 'bad-safetensors', /truncated/],
  ])('%s', (_, content, code, message) => {
    let error: unknown;
    try {
      decodeWeights(content, 'file.bin');
    } catch (e) {
      error = e;
    }
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).code).toBe(code);
    expect((error as UserError).message).toMatch(message);
    expect((error as UserError).message).not.toContain('\n');
  });
});
