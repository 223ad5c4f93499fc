/** One training step, compiled: forward, backward and loss in a single ONNX graph; weights and moments in place. */
import type { CreateSession, Session, Shape } from '@mien/onnx';
import type { WeightStorage } from './graph.ts';
import type { Kernels } from './kernels/kernels.ts';
import { blockWeights, unblockWeights } from './kernels/weight-layout.ts';
import type { AnyNetwork, Weights } from './network.ts';
import { allFinite, firstNonFinite, type Suspect } from './non-finite.ts';
import type { OptimizerSlot } from './optim/optimizer.ts';
import { allocateBuffers, type Buffers, type HeadBuffers, type InputPort } from './training-buffers.ts';
import { buildTrainingGraph, type HeadOptions, onlyHead, type TrainingGraph } from './training-graph.ts';

export interface TrainStepOptions {
  /** Of one output, or of several named ones. */
  readonly network: AnyNetwork;
  /** [C,H,W]. */
  readonly input: Shape;
  /** Classes of a network of one output. Give this or `heads`. */
  readonly classes?: number;
  /** What each output is taught, by its name; for a network of one output any one name. The first is the main one. */
  readonly heads?: Readonly<Record<string, HeadOptions>>;
  readonly batch: number;
  readonly kernels: Kernels;
  readonly createSession: CreateSession;
  readonly threads?: number;
  /** Weights to hold as they are, by full name; see `BuildOptions.frozen`. */
  readonly frozen?: (name: string) => boolean;
  /** Share of the batch value mixed into a moving statistic at each step. Default 0.1. */
  readonly movingRate?: number;
}

function headsOf({ classes, heads }: TrainStepOptions): Readonly<Record<string, HeadOptions>> {
  if ((classes === undefined) === (heads === undefined)) throw new Error('TrainStep: give either `classes`, for a network of one output, or `heads`');
  return heads ?? { [onlyHead]: { classes: classes! } };
}

/** The graph of a step with these options. */
export function buildStep(options: TrainStepOptions): TrainingGraph {
  const { batch, kernels, frozen } = options;
  return buildTrainingGraph(options.network, options.input, headsOf(options), { batch, kernels, ...(frozen ? { frozen } : {}) });
}

export class TrainStep {
  /** [N,C,H,W], to be filled before each run. */
  readonly images: Float32Array;
  /** What the network reads beside its images, [N,…] by name, to be filled before each run; empty for most. */
  readonly inputs: ReadonlyMap<string, Float32Array>;
  /** Names of the outputs that are taught, the main one first. */
  readonly heads: readonly string[];
  /** Targets of the main head, [N,K]: soft, rows usually summing to 1. A row of zeros teaches nothing. */
  readonly targets: Float32Array;
  /** Logits of the main head, [N,K], valid after a run. */
  readonly logits: Float32Array;
  /** Masks (0 or 1) of dropout and stochastic depth, to be drawn before each run. */
  readonly masks: Buffers['masks'];
  /** Weights that train, with their gradients, for an optimiser. */
  readonly slots: readonly OptimizerSlot[];
  readonly #buffers: Buffers;
  readonly #batch: number;
  readonly #block: number;
  readonly #movingRate: number;
  readonly #session: Session;
  readonly #run: () => Promise<void>;

  private constructor(buffers: Buffers, session: Session, options: TrainStepOptions) {
    this.images = buffers.images;
    this.inputs = buffers.inputs;
    this.heads = [...buffers.heads.keys()];
    this.targets = buffers.heads.get(this.heads[0]!)!.targets;
    this.logits = buffers.heads.get(this.heads[0]!)!.logits;
    this.masks = buffers.masks;
    this.slots = buffers.slots;
    this.#buffers = buffers;
    this.#batch = options.batch;
    this.#block = options.kernels.block;
    this.#movingRate = options.movingRate ?? 0.1;
    this.#session = session;
    this.#run = session.bind(buffers.feeds, buffers.fetches);
  }

  /** Builds and opens the graph. Weights start at zero: call `load` before the first run. */
  static async create(options: TrainStepOptions): Promise<TrainStep> {
    const built = buildStep(options);
    return TrainStep.open(built, { name: 'image', shape: built.images.shape }, options);
  }

  /** Opens a built graph that is fed a batch of `input`: the images, or what the graph makes of them on the way. */
  static async open(built: TrainingGraph, input: InputPort, options: TrainStepOptions): Promise<TrainStep> {
    const { graph } = built;
    const all = allocateBuffers(built, input);
    const outputs = graph.outputs.map(({ name }) => name);
    // Statistics that no node reads (a moving mean not used for centring) are not part of the file.
    const { bytes, inputs } = graph.encodePart(outputs, input.name === 'image' ? [] : [input.name]);
    const buffers = { ...all, feeds: Object.fromEntries(inputs.map((name) => [name, all.feeds[name]!])) };
    // Pattern planning would nearly double the peak memory of a training graph and buys no speed.
    const session = await options.createSession(bytes, { memoryPattern: false, ...(options.threads ? { threads: options.threads } : {}) });
    return new TrainStep(buffers, session, options);
  }

  targetsOf(head: string): Float32Array {
    return this.#head(head).targets;
  }

  logitsOf(head: string): Float32Array {
    return this.#head(head).logits;
  }

  /** Logits [N,K] of the model to learn from, of a head with distillation; to be filled before each run. */
  teacherOf(head: string): Float32Array {
    const { teacher } = this.#head(head);
    if (!teacher) throw new Error(`head ${head} was built without distillation`);
    return teacher;
  }

  #head(name: string): HeadBuffers {
    const head = this.#buffers.heads.get(name);
    if (!head) throw new Error(`there is no head ${name}; the network's are ${this.heads.join(', ')}`);
    return head;
  }

  /**
   * Runs forward and backward; updates moving statistics; returns the loss, Σ over heads of weight · mean over the batch.
   * Gradients stand in `slots`. NaN or infinity in what was fed gives NaN, even where a ReLU would have swallowed it;
   * statistics are left alone then, and `diagnose` says where it came from.
   */
  async run(): Promise<number> {
    const { loss, updates } = this.#buffers;
    if (!this.#fed().every(({ values }) => allFinite(values))) return Number.NaN;
    await this.#run();
    if (!Number.isFinite(loss[0]!)) return loss[0]!;
    const rate = this.#movingRate;
    for (const { target, batchValue, factor, centred } of updates) {
      const { data } = target;
      for (let i = 0; i < data.length; i++) {
        const fresh = factor * batchValue[i]! + (centred ? data[i]! : 0);
        data[i] = data[i]! + rate * (fresh - data[i]!);
      }
    }
    return loss[0]!;
  }

  #fed(): Suspect[] {
    const { images, inputs, heads } = this.#buffers;
    const suspects: Suspect[] = [{ what: 'image', values: images, rows: this.#batch }];
    for (const [name, values] of inputs) suspects.push({ what: name, values, rows: this.#batch });
    for (const [name, { targets, teacher }] of heads) {
      suspects.push({ what: `target of head ${name}, row`, values: targets, rows: this.#batch });
      if (teacher) suspects.push({ what: `teacher of head ${name}, row`, values: teacher, rows: this.#batch });
    }
    return suspects;
  }

  /** The first of what is fed, the weights, the logits and the gradients to hold NaN or infinity, in words; undefined where all is finite. */
  diagnose(): string | undefined {
    const { heads, stored, slots } = this.#buffers;
    return firstNonFinite([
      ...this.#fed(),
      ...[...stored.values()].map(({ spec, data }) => ({ what: `weight ${spec.name}`, values: data })),
      ...[...heads].map(([name, { logits }]) => ({ what: `logits of head ${name}, row`, values: logits, rows: this.#batch })),
      ...slots.map(({ name, gradients }) => ({ what: `gradient of ${name}`, values: gradients })),
    ]);
  }

  /** How the numbers of a weight lie in `stored`. */
  storageOf(name: string): WeightStorage {
    return this.#buffers.stored.get(name)?.blocked ? 'blocked' : 'plain';
  }

  /** Numbers of the weight `name` (or its moments), from the order training keeps them in to plain ONNX order; a copy. */
  toPlain(name: string, values: Float32Array): Float32Array {
    const { blocked, spec } = this.#buffers.stored.get(name)!;
    return blocked ? unblockWeights(values, spec.shape, this.#block) : values.slice();
  }

  /** The inverse of `toPlain`, into `out`. */
  fromPlain(name: string, plain: Float32Array, out: Float32Array): void {
    const { blocked, spec } = this.#buffers.stored.get(name)!;
    if (blocked) blockWeights(plain, spec.shape, this.#block, out);
    else out.set(plain);
  }

  /** Copies weights in, given in plain ONNX order. Throws, naming both sides, when one is missing or of another size. */
  load(weights: Weights): void {
    for (const { spec, data } of this.#buffers.stored.values()) {
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
    return new Map([...this.#buffers.stored].map(([name, s]) => [name, s.spec.shape]));
  }

  /** All weights by name, in stored order, changed in place by training. */
  get stored(): ReadonlyMap<string, Float32Array> {
    return new Map([...this.#buffers.stored].map(([name, s]) => [name, s.data]));
  }

  async release(): Promise<void> {
    await this.#session.release();
  }
}
