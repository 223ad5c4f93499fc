/** Squeeze-and-excitation: a gate for each channel from the means of all channels. */
import type { Value } from '../graph.ts';
import { heNormal } from '../initializers.ts';
import type { Net } from '../network.ts';
import { relu, sigmoid } from '../ops/activation.ts';
import { scaleChannels } from '../ops/gate.ts';
import { globalAveragePool } from '../ops/pooling.ts';
import { flatten, unsqueeze } from '../ops/shape.ts';
import { denseLayer } from './dense-layer.ts';

/** Squeeze-and-excitation (Hu et al. 2018, eq. 2–4): x · σ(W₂ relu(W₁ mean(x))), hidden width `hidden`, no biases unless asked. */
export function squeezeExcite(net: Net, name: string, x: Value, hidden: number, options: { bias?: boolean; activation?: (x: Value) => Value } = {}): Value {
  const C = x.shape[1]!;
  const inner = net.scope(name);
  const pooled = flatten(globalAveragePool(x));
  const squeezed = (options.activation ?? relu)(denseLayer(inner, 'fc1', pooled, hidden, { bias: options.bias ?? false, initializer: heNormal }));
  const gate = sigmoid(denseLayer(inner, 'fc2', squeezed, C, { bias: options.bias ?? false }));
  const y = scaleChannels(x, unsqueeze(gate, [2, 3]));
  net.layer(name, 'squeeze-excite', y.shape, 0);
  return y;
}
