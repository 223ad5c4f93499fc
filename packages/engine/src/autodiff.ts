/** Reverse-mode differentiation: walks the tape backwards and emits the gradient nodes into the same graph. */
import { type Graph, sameShape, Value } from './graph.ts';
import { add } from './ops/arithmetic.ts';

/** a + b; a gradient that repeats a smaller one is added as that, by broadcasting. */
function accumulate(a: Value, b: Value): Value {
  if (a.repeats && b.repeats && sameShape(a.repeats.shape, b.repeats.shape)) {
    const sum = new Value(a.graph, a.shape, a.dtype, {});
    sum.repeats = add(a.repeats, b.repeats);
    return sum;
  }
  return b.repeats ? add(a, b.repeats) : a.repeats ? add(b, a.repeats) : add(a, b);
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
