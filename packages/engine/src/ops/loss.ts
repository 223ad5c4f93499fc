/** Losses on logits: cross entropy against soft targets, and the divergence from another model's answers. */
import { describe, sameShape, type Value } from '../graph.ts';
import { portableLogSoftmax } from '../kernels/portable.ts';
import { mul, neg, scale, sub } from './arithmetic.ts';
import { reduceSum, sumAll } from './reduce.ts';

/** log softmax over the classes, z [N,K]. States no gradient: losses know theirs. */
function logSoftmax(z: Value): Value {
  return z.graph.kernels.portable ? portableLogSoftmax(z) : z.graph.emit('LogSoftmax', [z], z.shape, { attributes: { axis: 1 } });
}

/**
 * Cross entropy against soft targets: covers hard labels, label smoothing, class weights, vote distributions and mixup.
 * −1/N Σ t · log softmax(z), a scalar. logits z and targets t [N,K]. A row of targets need not sum to 1: a class weight
 * multiplies its row, and a row of zeros contributes nothing. Gradient by z: (softmax(z)·Σt − t)/N.
 */
export function softmaxCrossEntropy(logits: Value, targets: Value): Value {
  const { graph } = logits;
  if (!sameShape(logits.shape, targets.shape)) throw new Error(`cross entropy: logits ${describe(logits.shape)}, targets ${describe(targets.shape)}`);
  if (logits.shape.length !== 2) throw new Error(`cross entropy: expected logits [N,K], got ${describe(logits.shape)}`);
  const N = logits.shape[0]!;
  const logp = logSoftmax(logits);
  const loss = scale(neg(sumAll(mul(targets, logp))), 1 / N);
  return graph.record([logits], loss, (dy) => {
    const p = graph.emit('Exp', [logp], logits.shape);
    return [mul(scale(sub(mul(p, reduceSum(targets, [1])), targets), 1 / N), dy)];
  });
}

/**
 * Distillation (Hinton et al. 2015, section 2): T²/N Σ KL(softmax(teacher/T) ‖ softmax(student/T)), a scalar; both [N,K], logits.
 * T² keeps its gradients as large as those of a cross entropy whatever T is. Gradient by the student: T·(softmax(s/T) − softmax(t/T))/N.
 */
export function distillationLoss(student: Value, teacher: Value, temperature: number): Value {
  const { graph } = student;
  if (!sameShape(student.shape, teacher.shape)) throw new Error(`distillation: student ${describe(student.shape)}, teacher ${describe(teacher.shape)}`);
  if (!(temperature > 0)) throw new Error(`distillation: temperature ${temperature} must be positive`);
  const N = student.shape[0]!;
  const { loss, p, q } = graph.untaped(() => {
    const logq = logSoftmax(scale(student, 1 / temperature));
    const logp = logSoftmax(scale(teacher, 1 / temperature));
    const [p, q] = [logp, logq].map((log) => graph.emit('Exp', [log], log.shape)) as [Value, Value];
    return { loss: scale(sumAll(mul(p, sub(logp, logq))), temperature ** 2 / N), p, q };
  });
  return graph.record([student], loss, (dy) => [mul(scale(sub(q, p), temperature / N), dy)]);
}
