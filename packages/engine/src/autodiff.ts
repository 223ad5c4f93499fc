/** Reverse-mode differentiation: walks the tape backwards and emits the gradient nodes into the same graph. */
import type { Graph, Value } from './graph.ts';
import { sampleAffine } from './kernels/channels.ts';
import { add } from './ops/arithmetic.ts';

/** a + b; a gradient that is constant over H and W rides on the other one's pass. */
function accumulate(a: Value, b: Value): Value {
  if (!a.repeats && !b.repeats) return add(a, b);
  const [full, repeated] = a.repeats ? [b, a] : [a, b];
  if (full.repeats) return add(full, repeated);
  const shape = [full.shape[0]!, full.shape[1]!, 1, 1];
  const ones = full.graph.constant(new Array(shape[0]! * shape[1]!).fill(1), shape);
  return sampleAffine(full, ones, repeated.repeats!);
}

/**
 * Gradients of a scalar loss by each of `targets`. Parts of the graph that lead to no target get no nodes, so frozen
 * layers cost nothing. Throws when a target does not influence the loss.
 */
export function gradients(graph: Graph, loss: Value, targets: readonly Value[]): Value[] {
  return graph.untaped(() => {
    const wanted = new Set<Value>(targets);
    for (const entry of graph.tape) if (entry.inputs.some((v) => wanted.has(v))) wanted.add(entry.output);
    const byValue = new Map<Value, Value>([[loss, graph.constant(1)]]);
    for (const entry of graph.tape.toReversed()) {
      const dy = byValue.get(entry.output);
      if (!dy) continue;
      const needed = entry.inputs.map((v) => wanted.has(v));
      if (!needed.includes(true)) continue;
      const dxs = entry.backward(dy, needed);
      for (const [i, dx] of dxs.entries()) {
        if (!needed[i] || !dx) continue;
        const input = entry.inputs[i]!;
        const sum = byValue.get(input);
        byValue.set(input, sum ? accumulate(sum, dx) : dx);
      }
    }
    return targets.map((target) => {
      const gradient = byValue.get(target);
      if (!gradient) throw new Error(`no gradient reaches ${target.names.plain ?? 'a value'}: it does not influence the loss`);
      return gradient;
    });
  });
}
