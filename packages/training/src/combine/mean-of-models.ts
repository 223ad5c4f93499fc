/**
 * Several models as one graph that answers with the mean of their probabilities (deep ensembles, Lakshminarayanan et al.
 * 2017), and with views of one picture as if they were models of their own. The mean is taken of probabilities, each
 * model's at its own temperature, and not of logits: a model then counts by what it says, however large its logits are.
 * What comes out is ln p, so that softmax of the output is that mean.
 */
import { add, Graph, scale, softmax, type Value } from '@mien/engine';
import { isInOrder, labelOrder } from './match-labels.ts';
import type { Member } from './member.ts';
import { memberInput, oneView, type Picture, type Views } from './member-input.ts';
import { splice } from './splice.ts';

/** A head all members have, with its classes in the order they come out in. */
export interface CommonHead {
  readonly name: string;
  readonly labels: readonly string[];
  /** Name of the graph's output. */
  readonly output: string;
}

/** Below this a probability is taken for it: its logarithm stays finite. */
const leastProbability = 1e-30;

/** Entry `order[k]` of each row as its entry k. z [N,K]. */
function reorder(z: Value, order: readonly number[]): Value {
  if (isInOrder(order)) return z;
  return z.graph.emit('Gather', [z, z.graph.constant(order, [order.length], 'int64')], z.shape, { attributes: { axis: 1 } });
}

/** Mean over the views of each picture: p [V·N,K], view after view, → [N,K]. */
function meanOverViews(p: Value, views: number): Value {
  if (views === 1) return p;
  const { graph } = p;
  const K = p.shape[1]!;
  const apart = graph.emit('Reshape', [p, graph.constant([views, -1, K], [3], 'int64')], [views, 1, K]);
  const axes = graph.constant([0], [1], 'int64');
  return graph.emit('ReduceMean', [apart, axes], [1, K], { attributes: { keepdims: 0 } });
}

/** Probabilities [N,K] of each of `heads` according to one member. */
function opinions(graph: Graph, image: Value, picture: Picture, member: Member, index: number, heads: readonly CommonHead[], views: Views): Value[] {
  const { preprocessing } = member.card;
  const x = memberInput(graph, image, picture, preprocessing, views);
  const asked = heads.map(({ name }) => member.heads.find((head) => head.name === name)!);
  const logits = splice(graph, member.network, { prefix: `member${index + 1}.`, input: preprocessing.input.name, x }, asked);
  return logits.map((z, i) => {
    const { labels, temperature } = asked[i]!;
    const order = labelOrder(labels, heads[i]!.labels, `${member.file}: head ${heads[i]!.name}`, 'the others tell apart');
    return meanOverViews(softmax(scale(reorder(z, order), 1 / temperature)), x.shape[0]!);
  });
}

/**
 * The graph from `image` [N,C,H,W], as `picture` says, to ln of the mean probability of each head, [N,K].
 * Throws `UserError` where a member's classes are not those asked for.
 */
export function meanOfModels(name: string, members: readonly Member[], picture: Picture, heads: readonly CommonHead[], views: Views = oneView): Graph {
  const graph = new Graph(name);
  const image = graph.input('image', [1, ...picture.shape], 'float32', true);
  const said = members.map((member, i) => opinions(graph, image, picture, member, i, heads, views));
  for (const [i, { output }] of heads.entries()) {
    const mean = scale(said.map((each) => each[i]!).reduce(add), 1 / members.length);
    const least = graph.emit('Max', [mean, graph.constant(leastProbability)], mean.shape);
    graph.output(output, graph.emit('Log', [least], mean.shape), { symbolicBatch: true });
  }
  return graph;
}
