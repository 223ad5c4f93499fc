/**
 * What a network asks of a weights file, read off its own inference graph: every weight with its shape, which
 * convolution each batch norm follows, and which convolutions see the image.
 */
import { buildNetwork, type Network, type WeightSpec } from '@mien/engine';
import type { Shape } from '@mien/onnx';

/** A batch norm that follows a convolution without bias, and so can be folded into it. */
export interface ConvNormPair {
  /** Names without `.weight`, as `layer1.0.conv1` and `layer1.0.bn1`. */
  readonly conv: string;
  readonly norm: string;
  readonly epsilon: number;
}

export interface NetworkWeights {
  /** In the order the network declares them. */
  readonly specs: ReadonlyMap<string, WeightSpec>;
  /** By convolution, in order of evaluation. */
  readonly pairs: ReadonlyMap<string, ConvNormPair>;
  /** Convolutions whose input is the image. */
  readonly stems: ReadonlySet<string>;
}

/** `network` for images of shape `input` [C,H,W]. */
export function networkWeights(network: Network, input: Shape): NetworkWeights {
  const { graph, specs } = buildNetwork(network, input, { mode: 'infer', batch: 1 });
  /** Convolutions without bias, by the name of their output. */
  const convolutions = new Map<string, string>();
  const pairs = new Map<string, ConvNormPair>();
  const stems = new Set<string>();
  for (const { opType, inputs, outputs, attributes } of graph.nodes) {
    const layer = inputs[1]?.replace(/\.weight$/, '') ?? '';
    if (opType === 'Conv') {
      if (inputs[0] === 'image') stems.add(layer);
      if (inputs.length === 2) convolutions.set(outputs[0]!, layer);
    } else if (opType === 'BatchNormalization') {
      const conv = convolutions.get(inputs[0]!);
      const { float: epsilon } = attributes!.epsilon as { float: number };
      if (conv !== undefined) pairs.set(conv, { conv, norm: layer, epsilon });
    }
  }
  return { specs: new Map(specs.map((spec) => [spec.name, spec])), pairs, stems };
}

/** The four weights of a batch norm: γ, β, moving mean, moving variance. */
export function normWeightNames(norm: string): readonly [gamma: string, beta: string, mean: string, variance: string] {
  return [`${norm}.weight`, `${norm}.bias`, `${norm}.running_mean`, `${norm}.running_var`];
}
