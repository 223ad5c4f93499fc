/** Fully connected layers. */
import type { Value } from '../graph.ts';
import { constantOf, glorotUniform, type Initializer } from '../initializers.ts';
import type { Net } from '../network.ts';
import { dense } from '../ops/dense.ts';

export interface DenseLayerOptions {
  readonly bias?: boolean;
  readonly initializer?: Initializer;
}

/** Fully connected: x [N,D] → [N,units]; of tokens, each by itself, [N,T,D] → [N,T,units]. */
export function denseLayer(net: Net, name: string, x: Value, units: number, options: DenseLayerOptions = {}): Value {
  const D = x.shape.at(-1)!;
  const useBias = options.bias ?? true;
  const w = net.weight(`${name}.weight`, [units, D], options.initializer ?? glorotUniform, { decay: true });
  const b = useBias ? net.weight(`${name}.bias`, [units], constantOf(0)) : undefined;
  const y = dense(x, w, b);
  const tokens = x.shape.slice(1, -1).reduce((product, dim) => product * dim, 1);
  net.layer(name, 'dense', y.shape, units * D + (useBias ? units : 0), tokens * units * D);
  return y;
}
