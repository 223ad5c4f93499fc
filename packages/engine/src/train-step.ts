/** One training step, compiled: forward, backward and loss in a single ONNX graph; weights and moments in place. */
import { type CreateSession, type Session, type Shape, sizeOf, type TensorValue } from '@mien/onnx';
import { gradients } from './autodiff.ts';
import type { Kernels } from './kernels/kernels.ts';
import { blockWeights, unblockWeights } from './kernels/weight-layout.ts';
import { buildNetwork, type MaskSpec, type Network, type WeightSpec, type Weights } from './network.ts';
import { softmaxCrossEntropy } from './ops/loss.ts';
import type { OptimizerSlot } from './optim/optimizer.ts';

export interface TrainStepOptions {
  readonly network: Network;
  /** [C,H,W]. */
  readonly input: Shape;
  readonly classes: number;
  readonly batch: number;
  readonly kernels: Kernels;
  readonly createSession: CreateSession;
  readonly threads?: number;
  /** Share of the batch value mixed into a moving statistic at each step. Default 0.1. */
  readonly movingRate?: number;
}

interface Stored {
  readonly spec: WeightSpec;
  readonly blocked: boolean;
  readonly data: Float32Array;
}

export class TrainStep {
  /** [N,C,H,W], to be filled before each run. */
  readonly images: Float32Array;
  /** [N,K], rows usually summing to 1. */
  readonly targets: Float32Array;
  /** [N,K], valid after a run. */
  readonly logits: Float32Array;
  /** Dropout masks (0 or 1) to be drawn before each run. */
  readonly masks: readonly (MaskSpec & { readonly data: Uint8Array })[];
  /** Trainable weights with their gradients, for an optimiser. */
  readonly slots: readonly OptimizerSlot[];
  readonly #loss: Float32Array;
  readonly #stored: ReadonlyMap<string, Stored>;
  readonly #updates: readonly { target: Stored; batchValue: Float32Array; factor: number; centred: boolean }[];
  readonly #block: number;
  readonly #movingRate: number;
  readonly #session: Session;
  readonly #run: () => Promise<void>;

  private constructor(parts: {
    images: Float32Array;
    targets: Float32Array;
    logits: Float32Array;
    loss: Float32Array;
    masks: TrainStep['masks'];
    slots: readonly OptimizerSlot[];
    stored: ReadonlyMap<string, Stored>;
    updates: readonly { target: Stored; batchValue: Float32Array; factor: number; centred: boolean }[];
    block: number;
    movingRate: number;
    session: Session;
    run: () => Promise<void>;
  }) {
    this.images = parts.images;
    this.targets = parts.targets;
    this.logits = parts.logits;
    this.masks = parts.masks;
    this.slots = parts.slots;
    this.#loss = parts.loss;
    this.#stored = parts.stored;
    this.#updates = parts.updates;
    this.#block = parts.block;
    this.#movingRate = parts.movingRate;
    this.#session = parts.session;
    this.#run = parts.run;
  }

  /** Builds and opens the graph. Weights start at zero: call `load` before the first run. */
  static async create(options: TrainStepOptions): Promise<TrainStep> {
    const { batch, classes, input } = options;
    const built = buildNetwork(options.network, input, { mode: 'train', batch, kernels: options.kernels, name: 'training' });
    const { graph } = built;
    const targetsValue = graph.input('targets', [batch, classes]);
    const lossValue = softmaxCrossEntropy(built.logits, targetsValue);
    const trainable = built.specs.filter((s) => s.kind === 'trainable');
    const derivatives = gradients(
      graph,
      lossValue,
      trainable.map((s) => graph.parameters.get(s.name)!.value),
    );
    graph.output('loss', lossValue);
    graph.output('logits', built.logits);
    for (const [i, spec] of trainable.entries()) graph.output(`d:${spec.name}`, derivatives[i]!);
    for (const update of built.updates) graph.output(`batch:${update.weight}`, update.batchValue);

    const stored = new Map<string, Stored>(
      built.specs.map((spec) => [
        spec.name,
        { spec, blocked: graph.parameters.get(spec.name)!.storage === 'blocked', data: new Float32Array(sizeOf(spec.shape)) },
      ]),
    );
    const images = new Float32Array(batch * sizeOf(input));
    const targets = new Float32Array(batch * classes);
    const masks = built.masks.map((mask) => ({ ...mask, data: new Uint8Array(sizeOf(mask.shape)) }));
    const f32 = (data: Float32Array, shape: Shape): TensorValue => ({ dtype: 'float32', shape, data });
    const feeds: Record<string, TensorValue> = { image: f32(images, [batch, ...input]), targets: f32(targets, [batch, classes]) };
    for (const mask of masks) feeds[mask.name] = { dtype: 'uint8', shape: mask.shape, data: mask.data };
    const used = new Set(graph.nodes.flatMap((n) => n.inputs));
    for (const { spec, data } of stored.values()) if (used.has(spec.name)) feeds[spec.name] = f32(data, spec.shape);
    // Statistics that no node reads (a moving mean not used for centring) are not part of the file.
    graph.inputs.splice(0, graph.inputs.length, ...graph.inputs.filter((port) => port.name in feeds));

    const loss = new Float32Array(1);
    const logits = new Float32Array(batch * classes);
    const fetches: Record<string, TensorValue> = { loss: f32(loss, []), logits: f32(logits, [batch, classes]) };
    const slots = trainable.map((spec) => {
      const gradient = new Float32Array(sizeOf(spec.shape));
      fetches[`d:${spec.name}`] = f32(gradient, spec.shape);
      return { name: spec.name, weights: stored.get(spec.name)!.data, gradients: gradient, decay: spec.decay };
    });
    const updates = built.updates.map((update) => {
      const batchValue = new Float32Array(sizeOf(update.batchValue.shape));
      fetches[`batch:${update.weight}`] = f32(batchValue, update.batchValue.shape);
      return { target: stored.get(update.weight)!, batchValue, factor: update.factor, centred: update.centred };
    });
    // Pattern planning would nearly double the peak memory of a training graph and buys no speed.
    const session = await options.createSession(graph.encode(), { memoryPattern: false, ...(options.threads ? { threads: options.threads } : {}) });
    const run = session.bind(feeds, fetches);
    return new TrainStep({
      images,
      targets,
      logits,
      loss,
      masks,
      slots,
      stored,
      updates,
      session,
      run,
      block: options.kernels.block,
      movingRate: options.movingRate ?? 0.1,
    });
  }

  /** Runs forward and backward; updates moving statistics; returns the mean loss. Gradients stand in `slots`. */
  async run(): Promise<number> {
    await this.#run();
    const rate = this.#movingRate;
    for (const { target, batchValue, factor, centred } of this.#updates) {
      const { data } = target;
      for (let i = 0; i < data.length; i++) {
        const fresh = factor * batchValue[i]! + (centred ? data[i]! : 0);
        data[i] = data[i]! + rate * (fresh - data[i]!);
      }
    }
    return this.#loss[0]!;
  }

  /** Numbers of the weight `name` (or its moments), from the order training keeps them in to plain ONNX order; a copy. */
  toPlain(name: string, values: Float32Array): Float32Array {
    const { blocked, spec } = this.#stored.get(name)!;
    return blocked ? unblockWeights(values, spec.shape, this.#block) : values.slice();
  }

  /** The inverse of `toPlain`, into `out`. */
  fromPlain(name: string, plain: Float32Array, out: Float32Array): void {
    const { blocked, spec } = this.#stored.get(name)!;
    if (blocked) blockWeights(plain, spec.shape, this.#block, out);
    else out.set(plain);
  }

  /** Copies weights in, given in plain ONNX order. Throws, naming both sides, when one is missing or of another size. */
  load(weights: Weights): void {
    for (const { spec, data } of this.#stored.values()) {
      const plain = weights.get(spec.name);
      if (plain?.length !== data.length) throw new Error(`weight ${spec.name} [${spec.shape}] needs ${data.length} values, got ${plain?.length ?? 'none'}`);
      this.fromPlain(spec.name, plain, data);
    }
  }

  /** Copies weights out, in plain ONNX order; `source` gives other numbers in stored order, as an averaged copy. */
  save(source: ReadonlyMap<string, Float32Array> = this.stored): Map<string, Float32Array> {
    return new Map([...source].map(([name, values]) => [name, this.toPlain(name, values)]));
  }

  /** Shapes of all weights by name. */
  get shapes(): ReadonlyMap<string, Shape> {
    return new Map([...this.#stored].map(([name, s]) => [name, s.spec.shape]));
  }

  /** All weights by name, in stored order, changed in place by training. */
  get stored(): ReadonlyMap<string, Float32Array> {
    return new Map([...this.#stored].map(([name, s]) => [name, s.data]));
  }

  async release(): Promise<void> {
    await this.#session.release();
  }
}
