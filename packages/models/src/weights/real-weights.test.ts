/** Weights learned on ImageNet, on faces of FER2013. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { add, buildNetwork, convLayer, maxPool, type Net, type Network, relativeError, relu, type Value, type Weights } from '@mien/engine';
import { createSession } from '@mien/onnx/node';
import { describe, expect, it } from 'vitest';
import { findArchitecture } from '../registry.ts';
import { importWeights } from './import-weights.ts';
import { imagenetNormalisation } from './normalisation.ts';
import { unfoldBatchNorm } from './unfold-batch-norm.ts';
import { decodeWeights, encodeWeights } from './weights-file.ts';

const data = process.env.MIEN_DATA;
const folder = process.env.MIEN_WEIGHTS ?? (data && join(data, '../weights'));
const faces = data && join(data, 'fer2013/public.images.u8.br');
const file = folder && join(folder, 'resnet18-imagenet-to-layer3-bn-folded.safetensors');
const mobileFile = folder && join(folder, 'mobilenetv2-imagenet-features.safetensors');
const present = [faces, file, mobileFile].every((path) => path !== undefined && existsSync(path));
if (!present) {
  console.log(
    'real-weights.test.ts: skipped. Set MIEN_DATA to a folder with fer2013/public.images.u8.br, and MIEN_WEIGHTS to one with resnet18-imagenet-to-layer3-bn-folded.safetensors and mobilenetv2-imagenet-features.safetensors.',
  );
}

const side = 96;

/** `count` faces of FER2013 at 96×96 (each pixel four times), grey repeated to RGB, normalised per channel: [count,C,96,96]. */
function faceBatch(start: number, count: number, channels: 1 | 3, mean: readonly number[], std: readonly number[]): Float32Array {
  const pixels = brotliDecompressSync(readFileSync(faces!)).subarray(start * 2304);
  const out = new Float32Array(count * channels * side * side);
  for (let n = 0, at = 0; n < count; n++) {
    for (let c = 0; c < channels; c++) {
      for (let y = 0; y < side; y++) for (let x = 0; x < side; x++) out[at++] = (pixels[n * 2304 + (y >> 1) * 48 + (x >> 1)]! / 255 - mean[c]!) / std[c]!;
    }
  }
  return out;
}

/** ResNet-18 to layer3 as the file holds it: convolutions with bias and no batch norm. Written out by hand, to have something to compare with. */
const foldedNetwork: Network = (net, x) => {
  const block = (inner: Net, given: Value, channels: number, stride: number): Value => {
    let y = relu(convLayer(inner, 'conv1', given, { channels, stride }));
    y = convLayer(inner, 'conv2', y, { channels });
    return relu(add(y, stride === 1 ? given : convLayer(inner, 'downsample.0', given, { channels, stride, kernel: 1, padding: 0 })));
  };
  let y = maxPool(relu(convLayer(net, 'conv1', x, { channels: 64, kernel: 7, stride: 2 })), 3, { stride: 2, padding: 1 });
  for (const [stage, channels] of [64, 128, 256].entries()) {
    for (const i of [0, 1]) y = block(net.scope(`layer${stage + 1}.${i}`), y, channels, stage > 0 && i === 0 ? 2 : 1);
  }
  return y;
};

/** What stands before the layer whose weights are given, for these images. */
async function activations(network: Network, C: number, weights: Weights, images: Float32Array, before?: string): Promise<Float32Array> {
  const built = buildNetwork(network, [C, side, side], { mode: 'infer', batch: 1, weights, symbolicBatch: true });
  const node = built.graph.nodes.find(({ inputs }) => inputs[1] === before);
  if (before) built.graph.output('out', built.graph.emit('Identity', [node!.inputs[0]!], [1]), { symbolicBatch: true });
  else built.graph.output('out', built.logits, { symbolicBatch: true });
  const session = await createSession(built.graph.encode(), { threads: 1 });
  const { out } = await session.run({ image: { dtype: 'float32', shape: [images.length / (C * side * side), C, side, side], data: images } });
  await session.release();
  return out!.data as Float32Array;
}

/** All weights of the network: those given, and constants for the rest. */
function completed(network: Network, input: readonly number[], given: Weights): Map<string, Float32Array> {
  const { specs } = buildNetwork(network, input, { mode: 'infer', batch: 1 });
  return new Map(specs.map(({ name, shape }) => [name, given.get(name) ?? new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(0.01)]));
}

describe.skipIf(!present)('ImageNet weights on faces', () => {
  const load = (path: string) => decodeWeights(new Uint8Array(readFileSync(path)), path);
  const { mean, std } = imagenetNormalisation;

  it('ResNet-18 to layer3, unfolded, is the folded function, and its statistics are those of what each convolution puts out', async () => {
    const input = [3, side, side];
    const network = findArchitecture('resnet18')!.build({ classes: 7 });
    const { tensors, metadata } = load(file!);
    const imported = importWeights({ network, input }, tensors);
    expect(imported).toMatchObject({ dialect: 'torchvision', skipped: [], reshaped: [], ignored: [] });
    expect([imported.used.length, imported.folded.size, imported.weights.size]).toEqual([30, 15, 15]);
    // layer4 and the classifier, which the file does not hold.
    expect(imported.missing.every(({ name }) => /^(layer4|fc)\./.test(name))).toBe(true);

    const batches = [faceBatch(0, 8, 3, mean, std), faceBatch(8, 8, 3, mean, std), faceBatch(16, 4, 3, mean, std)];
    const seen: number[] = [];
    const weights = completed(network, input, imported.weights);
    const norms = await unfoldBatchNorm({
      network,
      input,
      weights,
      folded: imported.folded,
      batches,
      createSession,
      threads: 1,
      onProgress: (n) => seen.push(n),
    });
    expect(seen).toEqual([8, 16, 20]);
    expect(norms.size).toBe(60);

    const whole = new Map([...weights, ...norms]);
    const folded = new Map([...tensors].map(([name, { data }]) => [name, data]));
    const fresh = faceBatch(100, 6, 3, mean, std);
    const expected = await activations(foldedNetwork, 3, folded, fresh);
    const found = await activations(network, 3, whole, fresh, 'layer4.0.conv1.weight');
    expect(expected.length).toBe(6 * 256 * 6 * 6);
    expect(relativeError(found, expected)).toBeLessThan(1e-3);

    // The mean over all measured images, as one batch, of the input to bn1 of layer2.0; the bias is not part of it.
    const all = Float32Array.from(batches.flatMap((batch) => [...batch]));
    const y = await activations(network, 3, whole, all, 'layer2.0.bn1.weight');
    const C = 128;
    const plane = y.length / (20 * C);
    for (const c of [0, 63, 127]) {
      const values = Array.from({ length: 20 }, (_, n) => [...y.subarray((n * C + c) * plane, (n * C + c + 1) * plane)]).flat();
      const m = values.reduce((a, b) => a + b, 0) / values.length;
      const v = values.reduce((a, b) => a + (b - m) ** 2, 0) / values.length;
      expect(norms.get('layer2.0.bn1.running_mean')![c]).toBeCloseTo(m, 4);
      expect(norms.get('layer2.0.bn1.running_var')![c]! / v).toBeCloseTo(1, 4);
      expect(norms.get('layer2.0.bn1.weight')![c]).toBeCloseTo(Math.sqrt(v + 1e-5), 4);
    }
    expect(metadata.license).toContain('BSD-3');
    const again = decodeWeights(encodeWeights(new Map([...imported.weights, ...norms]), { network, input }, { source: 'test' }), 'again');
    expect(importWeights({ network, input }, again.tensors)).toMatchObject({ skipped: [], reshaped: [], folded: new Map(), used: { length: 75 } });
  });

  it('for grey images normalised in one way, the same function up to borders', async () => {
    const network = findArchitecture('resnet18')!.build({ classes: 7 });
    const { tensors } = load(file!);
    const gets = { mean: [0.5], std: [0.25] };
    const imported = importWeights({ network, input: [1, side, side] }, tensors, { normalisation: { expects: imagenetNormalisation, gets } });
    expect(imported.reshaped).toEqual([
      expect.objectContaining({ to: 'conv1.weight', how: expect.stringMatching(/^normalisation .*summed over 3 input channels$/) }),
    ]);
    const weights = new Map(
      [...imported.folded].flatMap(([conv, { bias }]) => [
        [`${conv}.weight`, imported.weights.get(`${conv}.weight`)!] as const,
        [`${conv}.bias`, bias] as const,
      ]),
    );
    const stem: Network = (net, x) => convLayer(net, 'conv1', x, { channels: 64, kernel: 7, stride: 2 });
    const grey = await activations(stem, 1, weights, faceBatch(0, 2, 1, gets.mean, gets.std));
    const colour = await activations(stem, 3, new Map([...tensors].map(([name, { data }]) => [name, data])), faceBatch(0, 2, 3, mean, std));
    const inner = (map: Float32Array): Float32Array => map.filter((_, i) => i % 48 > 1 && i % 48 < 46 && (i / 48) % 48 > 2 && (i / 48) % 48 < 46);
    expect(relativeError(inner(grey), inner(colour))).toBeLessThan(1e-4);
    // At the borders the padding means another grey.
    expect(relativeError(grey, colour)).toBeGreaterThan(1e-3);
  });

  it('MobileNetV2 with Gluon’s names fits the layout of Gluon whole, and torchvision’s but for its first expansion', () => {
    const { tensors } = load(mobileFile!);
    const build = (layout: string) => findArchitecture('mobilenetv2')!.build({ classes: 7, layout });
    const gluon = importWeights({ network: build('gluon'), input: [3, 224, 224] }, tensors);
    expect(gluon).toMatchObject({ dialect: 'Gluon MobileNetV2', skipped: [], used: { length: 265 } });
    expect(gluon.missing.map(({ name }) => name)).toEqual(['classifier.1.weight', 'classifier.1.bias']);
    const plain = importWeights({ network: build('torchvision'), input: [3, 224, 224] }, tensors);
    expect(plain.used.length).toBe(260);
    expect(plain.skipped.every(({ name }) => /linearbottleneck0_(conv0|batchnorm0)/.test(name))).toBe(true);
  });
});
