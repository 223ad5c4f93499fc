/**
 * The context in which a network is defined once and built many times: for training, for inference, or only to be
 * described. A network is a function of this context and its input.
 */
import type { Shape, TensorValue } from '@mien/onnx';
import { Graph, Value } from './graph.ts';
import type { Initializer } from './initializers.ts';
import { type Kernels, standardKernels } from './kernels/kernels.ts';

export type Network = (net: Net, x: Value) => Value;

/** A network of several outputs: the logits of each head by its name, the main one first. */
export type MultiHeadNetwork = (net: Net, x: Value) => Readonly<Record<string, Value>>;

export type AnyNetwork = Network | MultiHeadNetwork;

export interface WeightSpec {
  readonly name: string;
  readonly shape: Shape;
  /** `trainable` weights get gradients; `moving` ones are statistics gathered while training. */
  readonly kind: 'trainable' | 'moving';
  readonly initializer: Initializer;
  /** Whether weight decay applies: not to biases and normalisation. */
  readonly decay: boolean;
  /** True where this build holds the weight as it is: no gradient, no moving update. */
  readonly frozen: boolean;
}

/** True where a training graph has a gradient for the weight. */
export function isTrained(spec: WeightSpec): boolean {
  return spec.kind === 'trainable' && !spec.frozen;
}

/** One row of the layer table. */
export interface LayerInfo {
  readonly name: string;
  readonly type: string;
  /** Shape without the batch. */
  readonly output: Shape;
  readonly params: number;
}

/** A moving statistic to update after each step: w ← w + rate · (factor · batch value + offset − w). */
export interface MovingUpdate {
  readonly weight: string;
  readonly batchValue: Value;
  readonly factor: number;
  /** True where the batch value was measured after subtracting the moving statistic itself. */
  readonly centred: boolean;
}

/** A random mask the trainer must draw before each step. */
export interface MaskSpec {
  readonly name: string;
  readonly shape: Shape;
  readonly rate: number;
}

/** What a network reads beside its images. */
export interface SecondInput {
  readonly name: string;
  /** Without the batch. */
  readonly shape: Shape;
}

export type Weights = ReadonlyMap<string, Float32Array>;

interface Build {
  readonly graph: Graph;
  readonly mode: 'train' | 'infer';
  readonly batch: number;
  readonly symbolicBatch: boolean;
  readonly weights: Weights | undefined;
  readonly frozen: (name: string) => boolean;
  readonly specs: WeightSpec[];
  readonly layers: LayerInfo[];
  readonly updates: MovingUpdate[];
  readonly masks: MaskSpec[];
  /** Most networks read nothing but images. */
  readonly inputs: SecondInput[];
  multiplyAdds: number;
}

export class Net {
  readonly build: Build;
  readonly path: string;

  constructor(build: Build, path = '') {
    this.build = build;
    this.path = path;
  }

  get graph(): Graph {
    return this.build.graph;
  }

  get training(): boolean {
    return this.build.mode === 'train';
  }

  /** A context whose weights are named `path.name…`. */
  scope(name: string | number): Net {
    return new Net(this.build, this.name(String(name)));
  }

  name(part: string): string {
    return this.path ? `${this.path}.${part}` : part;
  }

  /** True where the build holds this weight, named within the path, as it is. */
  isFrozen(part: string): boolean {
    return this.build.frozen(this.name(part));
  }

  /** Declares a weight: a fed parameter in training, a constant of the file in inference. */
  weight(part: string, shape: Shape, initializer: Initializer, options: { kind?: WeightSpec['kind']; decay?: boolean } = {}): Value {
    const { build } = this;
    const name = this.name(part);
    const spec: WeightSpec = { name, shape, kind: options.kind ?? 'trainable', initializer, decay: options.decay ?? false, frozen: build.frozen(name) };
    build.specs.push(spec);
    if (build.mode === 'train' || !build.weights) return build.graph.parameter(name, shape, build.mode === 'train' && isTrained(spec));
    const data = build.weights.get(name);
    if (!data) throw new Error(`weight ${name} ${JSON.stringify(shape)} is missing`);
    return build.graph.initializer(name, { dtype: 'float32', shape, data } as TensorValue);
  }

  /** An input beside the images, [N, ...shape], under this name whatever the path: it must be fed at every run. */
  input(name: string, shape: Shape): Value {
    const { build } = this;
    build.inputs.push({ name, shape });
    return build.graph.input(name, [build.batch, ...shape], 'float32', build.symbolicBatch);
  }

  /** Notes one row of the layer table. */
  layer(name: string, type: string, output: Shape, params: number, multiplyAdds = 0): void {
    this.build.layers.push({ name: this.name(name), type, output: output.slice(1), params });
    this.build.multiplyAdds += multiplyAdds;
  }
}

export interface BuiltNetwork extends Build {
  /** Of the main head. */
  readonly logits: Value;
  /** Every output by its name; the only one of a single-headed network is called `logits`. */
  readonly heads: ReadonlyMap<string, Value>;
  readonly images: Value;
}

export interface BuildOptions {
  readonly mode: 'train' | 'infer';
  readonly batch: number;
  /** Weights that become constants of an inference graph, in plain ONNX order. */
  readonly weights?: Weights;
  readonly kernels?: Kernels;
  readonly symbolicBatch?: boolean;
  readonly name?: string;
  /**
   * Asked for every weight by its full name: true holds it as it is while the others train. Nothing below the lowest
   * trained weight gets a gradient, and a batch norm whose scale (or moving mean) is frozen keeps its statistics.
   */
  readonly frozen?: (name: string) => boolean;
}

/** Builds a network into a fresh graph. Without `weights`, an inference graph is only good for describing. */
export function buildNetwork(network: AnyNetwork, input: Shape, options: BuildOptions): BuiltNetwork {
  const graph = new Graph(options.name ?? 'network', options.kernels ?? standardKernels);
  const build: Build = {
    graph,
    mode: options.mode,
    batch: options.batch,
    symbolicBatch: options.symbolicBatch ?? false,
    weights: options.weights,
    frozen: options.frozen ?? (() => false),
    specs: [],
    layers: [],
    updates: [],
    masks: [],
    inputs: [],
    multiplyAdds: 0,
  };
  const images = graph.input('image', [options.batch, ...input], 'float32', build.symbolicBatch);
  const output = network(new Net(build), images);
  const heads = new Map(output instanceof Value ? [['logits', output]] : Object.entries(output));
  const [logits] = heads.values();
  if (!logits) throw new Error('the network puts out nothing: expected a value, or at least one named head');
  return Object.assign(build, { logits, heads, images });
}

export interface NetworkSummary {
  readonly input: Shape;
  readonly params: { readonly total: number; readonly trainable: number };
  /** 2 × multiply-adds of convolutions and dense layers for one image forward. */
  readonly flops: number;
  readonly layers: readonly LayerInfo[];
  /** What it reads beside its images. */
  readonly secondInputs: readonly SecondInput[];
}

/** Counts parameters and operations without allocating a single weight. */
export function describeNetwork(network: AnyNetwork, input: Shape): NetworkSummary {
  const built = buildNetwork(network, input, { mode: 'infer', batch: 1 });
  const count = (specs: readonly WeightSpec[]): number => specs.reduce((sum, s) => sum + s.shape.reduce((a, b) => a * b, 1), 0);
  return {
    input,
    params: { total: count(built.specs), trainable: count(built.specs.filter((s) => s.kind === 'trainable')) },
    flops: 2 * built.multiplyAdds,
    layers: built.layers,
    secondInputs: built.inputs,
  };
}
