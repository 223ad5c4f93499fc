/**
 * Training the head of a network whose lower part is frozen: what that part makes of an image never changes, so it is
 * computed once, kept, and fed to a step that holds only the rest. To rounding the same numbers as training on
 * the images, for a fraction of the time; only augmentation is not to be had this way.
 */
import { type OnnxNode, type Session, type Shape, sizeOf } from '@mien/onnx';
import type { Graph } from './graph.ts';
import { isTrained } from './network.ts';
import { buildStep, TrainStep, type TrainStepOptions } from './train-step.ts';
import type { TrainingGraph } from './training-graph.ts';

/** Tensors that depend on any of `sources`, as if `cut` were not there. */
function reachedFrom(nodes: readonly OnnxNode[], sources: Iterable<string>, cut?: string): Set<string> {
  const reached = new Set(sources);
  for (const node of nodes) {
    if (node.inputs.some((name) => reached.has(name))) for (const name of node.outputs) if (name !== cut) reached.add(name);
  }
  return reached;
}

/**
 * The last tensor [N,…] through which alone all that varies while training (weights, masks, targets) gets to see the image;
 * undefined where something sees the image itself.
 */
export function findFeatures({ graph, specs, updates }: TrainingGraph): { name: string; shape: Shape } | undefined {
  const { nodes } = graph;
  const moving = new Set(updates.map(({ weight }) => weight));
  const fixed = new Set(['image', ...specs.filter((spec) => !isTrained(spec) && !moving.has(spec.name)).map((spec) => spec.name)]);
  const varying = reachedFrom(
    nodes,
    graph.inputs.map(({ name }) => name).filter((name) => !fixed.has(name)),
  );
  const seen = reachedFrom(nodes, ['image']);
  const readers = nodes.filter((node) => node.outputs.some((name) => varying.has(name)));
  const cuts = (name: string): boolean => {
    const around = reachedFrom(nodes, ['image'], name);
    return !readers.some((node) => node.inputs.some((read) => around.has(read) && !varying.has(read)));
  };
  const batch = graph.tensors.get('image')!.shape[0];
  const name = nodes
    .flatMap((node) => node.outputs)
    .filter((each) => seen.has(each) && !varying.has(each) && isFeature(graph, each, batch!))
    .findLast(cuts);
  return name === undefined ? undefined : { name, shape: graph.tensors.get(name)!.shape };
}

/** Whether a tensor holds numbers, sample after sample. */
function isFeature(graph: Graph, name: string, batch: number): boolean {
  const tensor = graph.tensors.get(name);
  return tensor?.dtype === 'float32' && tensor.shape[0] === batch;
}

export interface FeatureTraining {
  /** Trains what is not frozen; its `images` are features: sample after sample, `featureSize` values each. */
  readonly step: TrainStep;
  readonly featureSize: number;
  /**
   * Features of a batch of images [N,C,H,W], N · `featureSize` values, valid until the next call. In an order of the engine's
   * own, good for this step alone. Weights are those of the step: `step.load` comes first.
   */
  extract(images: Float32Array): Promise<Float32Array>;
  /** Releases both sessions. */
  release(): Promise<void>;
}

/** Splits a network with frozen weights where its features are. Throws when nothing below the first trained weight is frozen. */
export async function createFeatureTraining(options: TrainStepOptions): Promise<FeatureTraining> {
  const built = buildStep(options);
  const features = findFeatures(built);
  if (!features) throw new Error('the network has no frozen part whose features could be kept: something that trains reads the images themselves');
  const images = { dtype: 'float32' as const, shape: built.images.shape, data: new Float32Array(sizeOf(built.images.shape)) };
  const found = { dtype: 'float32' as const, shape: features.shape, data: new Float32Array(sizeOf(features.shape)) };
  const step = await TrainStep.open(built, features, options);
  const { bytes, inputs } = built.graph.encodePart([features.name]);
  let extractor: Session;
  try {
    extractor = await options.createSession(bytes, options.threads ? { threads: options.threads } : {});
  } catch (error) {
    await step.release();
    throw error;
  }
  const weights = step.stored;
  const feeds = Object.fromEntries(
    inputs.map((name) => [name, name === 'image' ? images : { dtype: 'float32' as const, shape: step.shapes.get(name)!, data: weights.get(name)! }]),
  );
  const run = extractor.bind(feeds, { [features.name]: found });
  return {
    step,
    featureSize: found.data.length / options.batch,
    async extract(batch) {
      if (batch.length !== images.data.length)
        throw new Error(`features are of batches of ${images.data.length} values [${images.shape}], got ${batch.length}`);
      images.data.set(batch);
      await run();
      return found.data;
    },
    async release() {
      try {
        await step.release();
      } finally {
        await extractor.release();
      }
    },
  };
}

/** Values of one image's features, of a network with a frozen part whose features can be kept; else undefined. Builds the graph and throws it away. */
export function featureSizeOf(options: TrainStepOptions): number | undefined {
  const features = findFeatures(buildStep(options));
  return features && sizeOf(features.shape) / options.batch;
}
