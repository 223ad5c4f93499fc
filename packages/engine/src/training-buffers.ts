/** The arrays a training graph reads and writes, allocated once and bound to its ports. */
import { type Shape, sizeOf, type TensorValue } from '@mien/onnx';
import type { MaskSpec, WeightSpec } from './network.ts';
import { FloatArena } from './optim/float-arena.ts';
import type { OptimizerSlot } from './optim/optimizer.ts';
import type { TrainingGraph } from './training-graph.ts';

export interface Stored {
  readonly spec: WeightSpec;
  readonly blocked: boolean;
  readonly data: Float32Array;
}

export interface HeadBuffers {
  readonly classes: number;
  readonly targets: Float32Array;
  readonly logits: Float32Array;
  readonly teacher: Float32Array | undefined;
}

interface StatisticUpdate {
  readonly target: Stored;
  readonly batchValue: Float32Array;
  readonly factor: number;
  readonly centred: boolean;
}

/** Everything a run reads and writes. */
export interface Buffers {
  /** Of the input port. */
  readonly images: Float32Array;
  /** [N,…] of what the network reads beside the images, by name. */
  readonly inputs: ReadonlyMap<string, Float32Array>;
  readonly loss: Float32Array;
  readonly heads: ReadonlyMap<string, HeadBuffers>;
  readonly masks: readonly (MaskSpec & { readonly data: Uint8Array })[];
  readonly slots: readonly OptimizerSlot[];
  readonly stored: ReadonlyMap<string, Stored>;
  readonly updates: readonly StatisticUpdate[];
  readonly feeds: Record<string, TensorValue>;
  readonly fetches: Record<string, TensorValue>;
}

/** What a step is given a batch of: the images, or features of them. */
export interface InputPort {
  readonly name: string;
  readonly shape: Shape;
}

/** Allocates the arrays of a training graph, each bound to its port. */
export function allocateBuffers(
  { graph, outputs, trained, specs, masks: maskSpecs, updates: updateSpecs, inputs: inputSpecs, batch }: TrainingGraph,
  input: InputPort,
): Buffers {
  const feeds: Record<string, TensorValue> = {};
  const fetches: Record<string, TensorValue> = {};
  // Weights, gradients, the two moments of Adam, and sums of gradients.
  const arena = FloatArena.create(5 * trained.reduce((sum, spec) => sum + FloatArena.bytesOf(sizeOf(spec.shape)), 0));
  const inArena = (shape: Shape): Float32Array => arena?.allocate(sizeOf(shape)) ?? new Float32Array(sizeOf(shape));
  const floats = (ports: Record<string, TensorValue>, name: string, shape: Shape, data: Float32Array = new Float32Array(sizeOf(shape))): Float32Array => {
    ports[name] = { dtype: 'float32', shape, data };
    return data;
  };
  const stored = new Map<string, Stored>(
    specs.map((spec) => [
      spec.name,
      {
        spec,
        blocked: graph.parameters.get(spec.name)!.storage === 'blocked',
        data: trained.includes(spec) ? inArena(spec.shape) : new Float32Array(sizeOf(spec.shape)),
      },
    ]),
  );
  for (const { spec, data } of stored.values()) feeds[spec.name] = { dtype: 'float32', shape: spec.shape, data };
  const heads = new Map(
    outputs.map(({ name, options, logits, ports }): [string, HeadBuffers] => [
      name,
      {
        classes: options.classes,
        targets: floats(feeds, ports.targets, logits.shape),
        logits: floats(fetches, ports.logits, logits.shape),
        teacher: ports.teacher === undefined ? undefined : floats(feeds, ports.teacher, logits.shape),
      },
    ]),
  );
  const masks = maskSpecs.map((mask) => {
    const data = new Uint8Array(sizeOf(mask.shape));
    feeds[mask.name] = { dtype: 'uint8', shape: mask.shape, data };
    return { ...mask, data };
  });
  const slots = trained.map((spec) => ({
    name: spec.name,
    weights: stored.get(spec.name)!.data,
    gradients: floats(fetches, `d:${spec.name}`, spec.shape, inArena(spec.shape)),
    decay: spec.decay,
    arena,
  }));
  const updates = updateSpecs.map(({ weight, batchValue, factor, centred }) => ({
    target: stored.get(weight)!,
    batchValue: floats(fetches, `batch:${weight}`, batchValue.shape),
    factor,
    centred,
  }));
  const inputs = new Map(inputSpecs.map(({ name, shape }) => [name, floats(feeds, name, [batch, ...shape])]));
  return { images: floats(feeds, input.name, input.shape), inputs, loss: floats(fetches, 'loss', []), heads, masks, slots, stored, updates, feeds, fetches };
}
