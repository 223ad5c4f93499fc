/** Layer normalisation (Ba et al. 2016, eq. 4) over the last axis. */
import { describe, sameShape, type Value } from '../graph.ts';
import { add, div, mul, sub } from './arithmetic.ts';
import { reduceMean, reduceSum } from './reduce.ts';
import { reshape } from './shape.ts';

/** γ·(x − mean)/√(variance + ε) + β along the last axis: x [..., D], γ and β [D]. Statistics of each row by itself. */
export function layerNorm(x: Value, gamma: Value, beta: Value, epsilon = 1e-5): Value {
  const { graph } = x;
  const D = x.shape.at(-1)!;
  if (gamma.shape.length !== 1 || gamma.shape[0] !== D)
    throw new Error(`LayerNormalization: x ${describe(x.shape)} needs a scale [${D}], got ${describe(gamma.shape)}`);
  if (!sameShape(beta.shape, gamma.shape))
    throw new Error(`LayerNormalization: scale ${describe(gamma.shape)} and bias ${describe(beta.shape)} must have the same shape`);
  const last = x.shape.length - 1;
  const { y, normal, deviation } = graph.untaped(() => {
    const centred = sub(x, reduceMean(x, [last]));
    const variance = reduceMean(mul(centred, centred), [last]);
    const deviation = graph.emit('Sqrt', [add(variance, graph.constant(epsilon))], variance.shape);
    const normal = div(centred, deviation);
    return { y: add(mul(normal, gamma), beta), normal, deviation };
  });
  const rows = x.shape.map((_, i) => i).slice(0, -1);
  return graph.record([x, gamma, beta], y, (dy, needed) => {
    const dNormal = mul(dy, gamma);
    const dx = () => div(sub(sub(dNormal, reduceMean(dNormal, [last])), mul(normal, reduceMean(mul(dNormal, normal), [last]))), deviation);
    return [
      needed[0] ? dx() : undefined,
      needed[1] ? reshape(reduceSum(mul(dy, normal), rows), [D]) : undefined,
      needed[2] ? reshape(reduceSum(dy, rows), [D]) : undefined,
    ];
  });
}
