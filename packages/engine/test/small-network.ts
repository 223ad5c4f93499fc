/** A network with everything small ones are made of, and its data: the same on every device, in Node and in browsers. */
import { buildNetwork, convLayer, convNorm, denseLayer, dropoutLayer, flatten, maxPool, type Network, type Random, relu } from '../src/index.ts';
import { randomSource, uniform } from './random.ts';

export const input = [1, 12, 12] as const;
export const classes = 3;
export const batch = 8;

/** Convolution, batch norm, ReLU, pooling, dropout, dense. */
export const network: Network = (net, x) => {
  const stem = convNorm(net, 'stem', 'stem_norm', x, { channels: 8, activation: 'Relu' }); // [8,12,12]
  const narrow = maxPool(relu(convLayer(net, 'conv', maxPool(stem), { channels: 16 }))); // [16,3,3]
  return denseLayer(net, 'head', dropoutLayer(net, 'dropout', flatten(narrow), 0.25), classes);
};

function random(seed: number): Random {
  const next = randomSource(seed);
  return { next, normal: () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()) };
}

/** First weights, by name, in plain order. */
export function firstWeights(): Map<string, Float32Array> {
  const { specs } = buildNetwork(network, input, { mode: 'infer', batch: 1 });
  return new Map(specs.map((spec, i) => [spec.name, spec.initializer(spec.shape, random(i + 1))]));
}

interface Fillable {
  readonly images: Float32Array;
  readonly targets: Float32Array;
  readonly masks: readonly { readonly rate: number; readonly data: Uint8Array }[];
}

/** The batch of step `at`: stripes whose direction is the class, in noise, with the dropout masks of the step. */
export function fillBatch(step: Fillable, at: number): void {
  const [, H, W] = input;
  const noise = uniform(step.images.length, 1000 + at, -0.5, 0.5);
  step.targets.fill(0);
  for (let n = 0; n < batch; n++) {
    const label = (n + at) % classes;
    step.targets[n * classes + label] = 1;
    for (let p = 0; p < H * W; p++) {
      const along = [Math.floor(p / W), p % W, Math.floor(p / W) + (p % W)][label]!;
      step.images[n * H * W + p] = (along % 4 < 2 ? 1 : -1) + noise[n * H * W + p]!;
    }
  }
  for (const [i, mask] of step.masks.entries()) {
    const next = randomSource(2000 + 10 * at + i);
    for (let k = 0; k < mask.data.length; k++) mask.data[k] = next() < mask.rate ? 0 : 1;
  }
}
