/** Logits of one setting from each of the graphs it can be built into. */
import { blockWeights, buildNetwork, type Kernels } from '@mien/engine';
import type { CreateSession, TensorValue } from '@mien/onnx';
import { classes, secondInputs, type Setting } from './small-builds.ts';

/** The file that is shipped: weights inside, any number of images. */
export function exportedFile({ network, input, weights }: Setting): Uint8Array {
  const built = buildNetwork(network, input, { mode: 'infer', batch: 1, weights, symbolicBatch: true });
  built.graph.output('logits', built.logits, { symbolicBatch: true });
  return built.graph.encode();
}

/** Everything the network is fed, by name. */
function inputsOf(setting: Setting, images: Float32Array, N: number): Record<string, TensorValue> {
  const others = Object.entries(secondInputs(setting, N)).map(([name, { shape, data }]) => [name, { dtype: 'float32', shape, data }] as const);
  return { image: { dtype: 'float32', shape: [N, ...setting.input], data: images }, ...Object.fromEntries(others) };
}

export async function exportedLogits(setting: Setting, images: Float32Array, N: number, createSession: CreateSession): Promise<Float32Array> {
  const session = await createSession(exportedFile(setting), { threads: 1 });
  const { logits } = await session.run(inputsOf(setting, images, N));
  await session.release();
  if (logits!.shape.join() !== `${N},${classes}`) throw new Error(`expected logits [${N},${classes}], got [${logits!.shape}]`);
  return logits!.data as Float32Array;
}

/**
 * The graph training runs on, in its evaluation mode: weights fed, statistics as they stand. `train` is the graph with
 * gradients and every weight frozen, which has no evaluation mode for dropout; `infer` is what becomes of it without them.
 */
export async function fedLogits(
  setting: Setting,
  images: Float32Array,
  N: number,
  options: { readonly mode: 'train' | 'infer'; readonly kernels: Kernels; readonly createSession: CreateSession },
): Promise<Float32Array> {
  const { mode, kernels, createSession } = options;
  const { network, input, weights } = setting;
  const { graph, logits, masks } = buildNetwork(network, input, { mode, batch: N, kernels, frozen: () => true });
  if (masks.length > 0) throw new Error(`${masks[0]!.name}: a network with dropout has no evaluation mode in its training graph`);
  graph.output('logits', logits);
  const feeds = inputsOf(setting, images, N);
  const used = new Set(graph.nodes.flatMap((node) => node.inputs));
  graph.inputs.splice(0, graph.inputs.length, ...graph.inputs.filter((port) => used.has(port.name)));
  for (const { name, shape, storage } of graph.parameters.values()) {
    const plain = weights.get(name)!;
    if (used.has(name)) feeds[name] = { dtype: 'float32', shape, data: storage === 'blocked' ? blockWeights(plain, shape, kernels.block) : plain };
  }
  const session = await createSession(graph.encode(), { threads: 1 });
  const results = await session.run(feeds);
  await session.release();
  return results.logits!.data as Float32Array;
}
