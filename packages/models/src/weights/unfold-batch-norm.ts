/**
 * Batch norms for convolutions that carry theirs folded into weight and bias, so that a network can train on with real ones.
 *
 * With the moving mean μ and variance σ² of what a convolution puts out, γ = √(σ² + ε) and β = bias + μ make
 * γ·(y − μ)/√(σ² + ε) + β = y + bias: evaluation is the folded function whatever μ and σ² are. Training normalises by the
 * statistics of a batch instead, and starts from the same function where μ and σ² are those of the data; so they are measured,
 * for all layers in one pass, on the activations of the imported network itself.
 */
import { buildNetwork, type Network, type Value, type Weights } from '@mien/engine';
import type { CreateSession, Session, Shape, TensorValue } from '@mien/onnx';
import { UserError } from '@mien/runtime';
import { ChannelStatistics } from './channel-statistics.ts';
import type { FoldedNorm } from './import-weights.ts';
import { normWeightNames } from './network-weights.ts';

export interface UnfoldOptions {
  readonly network: Network;
  /** [C,H,W] */
  readonly input: Shape;
  /** All weights of the network but the norms of `folded`. Parts that no file gave, as attention in between, count as they stand here. */
  readonly weights: Weights;
  readonly folded: ReadonlyMap<string, FoldedNorm>;
  /** Images of the training data as the network will see them, [N,C,H,W] each; N may differ. */
  readonly batches: AsyncIterable<Float32Array> | Iterable<Float32Array>;
  readonly createSession: CreateSession;
  readonly threads?: number;
  /** Called after each batch with the number of images seen so far. */
  readonly onProgress?: (images: number) => void;
}

/**
 * The weights of the norms, by name: γ, β, μ and σ² of each layer of `folded`.
 * Throws `UserError` `no-images` when there is no batch, `bad-weights` when an activation overflows.
 */
export async function unfoldBatchNorm(options: UnfoldOptions): Promise<Map<string, Float32Array>> {
  const { folded, batches, input } = options;
  const statistics = new Map([...folded.values()].map(({ conv, bias }) => [conv, new ChannelStatistics(bias.length)]));
  const session = await openMeasuringSession(options);
  let seen = 0;
  try {
    for await (const data of batches) {
      const N = data.length / input.reduce((a, b) => a * b, 1);
      const outputs = await session.run({ image: { dtype: 'float32', shape: [N, ...input], data } });
      for (const [conv, statistic] of statistics) statistic.add(N, valuesOf(outputs, `${conv}/mean`), valuesOf(outputs, `${conv}/variance`));
      seen += N;
      options.onProgress?.(seen);
    }
  } finally {
    await session.release();
  }
  if (seen === 0) throw new UserError('no-images', 'unfolding batch norms needs images to measure on, there were none');
  return new Map([...folded.values()].flatMap((norm) => [...normWeights(norm, statistics.get(norm.conv)!)]));
}

function valuesOf(outputs: Readonly<Record<string, TensorValue>>, name: string): Float32Array {
  return outputs[name]!.data as Float32Array;
}

/** The inference network, whose outputs are the mean and the variance per channel of each folded convolution's output. */
async function openMeasuringSession({ network, input, weights, folded, createSession, threads }: UnfoldOptions): Promise<Session> {
  const standing = new Map(weights);
  for (const { norm, bias, epsilon } of folded.values()) {
    const [gamma, beta, mean, variance] = normWeightNames(norm);
    // y + bias exactly, before anything is known of y.
    standing.set(gamma, new Float32Array(bias.length).fill(Math.sqrt(1 + epsilon)));
    standing.set(beta, bias).set(mean, new Float32Array(bias.length)).set(variance, new Float32Array(bias.length).fill(1));
  }
  const { graph } = buildNetwork(network, input, { mode: 'infer', batch: 1, weights: standing, symbolicBatch: true, name: 'statistics' });
  const axes = graph.constant([0, 2, 3], [3], 'int64');
  // A copy: measuring adds nodes.
  for (const { opType, inputs, outputs } of [...graph.nodes]) {
    const layer = folded.get(inputs[1]?.replace(/\.weight$/, '') ?? '');
    if (opType !== 'Conv' || !layer) continue;
    const y = outputs[0]!;
    const C = layer.bias.length;
    const reduce = (x: Value | string): Value => graph.emit('ReduceMean', [x, axes], [1, C, 1, 1]);
    const mean = reduce(y);
    const centred = graph.emit('Sub', [y, mean], [1, C, 1, 1]);
    graph.output(`${layer.conv}/mean`, mean);
    graph.output(`${layer.conv}/variance`, reduce(graph.emit('Mul', [centred, centred], [1, C, 1, 1])));
  }
  return createSession(graph.encode(), threads ? { threads } : {});
}

function normWeights({ conv, norm, bias, epsilon }: FoldedNorm, { mean, variance }: ChannelStatistics): [string, Float32Array][] {
  const [gamma, beta, movingMean, movingVariance] = normWeightNames(norm);
  if (![...mean, ...variance].every(Number.isFinite)) {
    throw new UserError('bad-weights', `the output of ${conv} overflows on these images; are they normalised as the weights expect?`);
  }
  return [
    [gamma, Float32Array.from(variance, (v) => Math.sqrt(v + epsilon))],
    [beta, Float32Array.from(mean, (m, c) => m + bias[c]!)],
    [movingMean, Float32Array.from(mean)],
    [movingVariance, Float32Array.from(variance)],
  ];
}
