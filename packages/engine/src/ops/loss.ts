/** Cross entropy against soft targets: covers hard labels, label smoothing, class weights, vote distributions and mixup. */
import { describe, sameShape, type Value } from '../graph.ts';
import { mul, neg, scale, sub } from './arithmetic.ts';
import { reduceSum, sumAll } from './reduce.ts';

/**
 * −1/N Σ t · log softmax(z), a scalar. logits z and targets t [N,K]. A row of targets need not sum to 1: a class weight
 * multiplies its row. Gradient by z: (softmax(z)·Σt − t)/N.
 */
export function softmaxCrossEntropy(logits: Value, targets: Value): Value {
  const { graph } = logits;
  if (!sameShape(logits.shape, targets.shape)) throw new Error(`cross entropy: logits ${describe(logits.shape)}, targets ${describe(targets.shape)}`);
  const N = logits.shape[0]!;
  const logp = graph.emit('LogSoftmax', [logits], logits.shape, { attributes: { axis: 1 } });
  const loss = scale(neg(sumAll(mul(targets, logp))), 1 / N);
  return graph.record([logits], loss, (dy) => {
    const p = graph.emit('Exp', [logp], logits.shape);
    return [mul(scale(sub(mul(p, reduceSum(targets, [1])), targets), 1 / N), dy)];
  });
}
