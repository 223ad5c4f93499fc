/**
 * The graph builder: values, nodes, parameters, and the tape that reverse-mode differentiation walks.
 *
 * A value may live in two memory layouts at once. `plain` is ONNX's NCHW; `blocked` is ONNX Runtime's NCHWc, where
 * channels are stored in blocks (16 on AVX-512): [N, C/16, H, W, 16]. Ops ask for the layout they work in, and the
 * graph inserts a reorder only when that layout has not been computed yet, so chains of ops stay blocked.
 */
import { type Attribute, type DType, encodeModel, type OnnxModel, type OnnxNode, type OnnxPort, type Shape, type TensorValue } from '@mien/onnx';
import { fuseRelu } from './kernels/fuse-relu.ts';
import { blockedDomain, type Kernels, standardKernels } from './kernels/kernels.ts';

export type Layout = 'plain' | 'blocked';

/** How a parameter's numbers are stored outside the graph; see `kernels/weight-layout.ts`. */
export type WeightStorage = 'plain' | 'blocked';

export class Value {
  readonly graph: Graph;
  readonly shape: Shape;
  readonly dtype: DType;
  /** True where a trainable parameter flows into this value. */
  requiresGrad = false;
  /** Tensor name by layout. */
  readonly names: { plain?: string; blocked?: string };
  /** Set on a gradient that repeats a smaller value, as [N,C,1,1] over H and W. Written out only if someone reads it. */
  repeats?: Value;
  /** Set on ReLU(z): z, so that an op whose gradient is cheaper by z than by way of ReLU can state it so. */
  rectified?: Value;

  constructor(graph: Graph, shape: Shape, dtype: DType, names: { plain?: string; blocked?: string }) {
    this.graph = graph;
    this.shape = shape;
    this.dtype = dtype;
    this.names = names;
  }
}

export interface Parameter {
  readonly name: string;
  readonly shape: Shape;
  readonly trainable: boolean;
  readonly value: Value;
  /** Set by the first op that wants its weights re-laid; the feeder must then store them so. */
  storage: WeightStorage;
}

interface TapeEntry {
  readonly inputs: readonly Value[];
  readonly output: Value;
  /** Gradient of the loss by each input, given that by the output; `undefined` where `needed` is false. */
  readonly backward: (dy: Value, needed: readonly boolean[]) => readonly (Value | undefined)[];
}

export interface EmitOptions {
  readonly attributes?: Readonly<Record<string, Attribute>>;
  readonly domain?: string;
  readonly dtype?: DType;
  readonly layout?: Layout;
}

export class Graph {
  readonly name: string;
  readonly kernels: Kernels;
  readonly nodes: OnnxNode[] = [];
  readonly inputs: OnnxPort[] = [];
  readonly parameters = new Map<string, Parameter>();
  readonly tape: TapeEntry[] = [];
  /** What every input and every node's result is declared to be, by tensor name. */
  readonly tensors = new Map<string, { readonly dtype: DType; readonly shape: Shape }>();
  /** False while gradients are being built, so that they leave no tape of their own. */
  recording = true;
  readonly #initializers: Record<string, TensorValue> = {};
  readonly #outputs: OnnxPort[] = [];
  readonly #constants = new Map<string, Value>();
  #counter = 0;

  constructor(name: string, kernels: Kernels = standardKernels) {
    this.name = name;
    this.kernels = kernels;
  }

  #fresh(hint: string): string {
    return `${hint}_${this.#counter++}`;
  }

  /** A graph input. A symbolic batch is given as `symbolicBatch`: the first dimension is then exported as 'N'. */
  input(name: string, shape: Shape, dtype: DType = 'float32', symbolicBatch = false): Value {
    if (this.inputs.some((port) => port.name === name)) throw new Error(`graph input ${name} is declared twice`);
    this.inputs.push({ name, dtype, shape: symbolicBatch ? ['N', ...shape.slice(1)] : shape });
    this.tensors.set(name, { dtype, shape });
    return new Value(this, shape, dtype, { plain: name });
  }

  /** A weight fed at every run. Trainable ones get gradients. */
  parameter(name: string, shape: Shape, trainable = true): Value {
    if (this.parameters.has(name)) throw new Error(`parameter ${name} is declared twice`);
    const value = this.input(name, shape);
    value.requiresGrad = trainable;
    this.parameters.set(name, { name, shape, trainable, value, storage: 'plain' });
    return value;
  }

  /** A weight that is part of the file, as in an exported model. */
  initializer(name: string, data: TensorValue): Value {
    this.#initializers[name] = data;
    return new Value(this, data.shape, data.dtype, { plain: name });
  }

  /** A small constant; equal ones are shared. */
  constant(
    values: number | readonly number[],
    shape: Shape = Array.isArray(values) ? [(values as number[]).length] : [],
    dtype: 'float32' | 'int64' = 'float32',
  ): Value {
    const list = Array.isArray(values) ? (values as number[]) : [values as number];
    const key = `${dtype}[${shape}]:${list.join(',')}`;
    const known = this.#constants.get(key);
    if (known) return known;
    const data = dtype === 'int64' ? BigInt64Array.from(list, (v) => BigInt(v)) : Float32Array.from(list);
    const value = this.initializer(this.#fresh('const'), { dtype, shape, data } as TensorValue);
    this.#constants.set(key, value);
    return value;
  }

  /** The name of a value in the given layout; reorders once if it is not there yet. */
  nameIn(value: Value, layout: Layout): string {
    const known = value.names[layout];
    if (known !== undefined) return known;
    if (value.repeats) {
      const written = this.emit('Expand', [value.repeats, this.constant(value.shape, [value.shape.length], 'int64')], value.shape);
      value.names.plain = written.names.plain!;
      if (layout === 'plain') return value.names.plain;
    }
    const [opType, from, attributes] =
      layout === 'blocked' ? ['ReorderInput', value.names.plain!, {}] : ['ReorderOutput', value.names.blocked!, { channels: value.shape[1]! }];
    const name = this.#fresh(layout);
    this.nodes.push({ opType, domain: blockedDomain, inputs: [from], outputs: [name], attributes });
    value.names[layout] = name;
    this.tensors.set(name, value);
    return name;
  }

  /** Adds one node with one output. Inputs are read in `options.layout` (strings are raw tensor names). */
  emit(opType: string, inputs: readonly (Value | string)[], shape: Shape, options: EmitOptions = {}): Value {
    return this.emitMany(opType, inputs, [{ shape, dtype: options.dtype ?? 'float32' }], options)[0]!;
  }

  /** Adds one node with several outputs. */
  emitMany(opType: string, inputs: readonly (Value | string)[], outputs: readonly { shape: Shape; dtype: DType }[], options: EmitOptions = {}): Value[] {
    const layout = options.layout ?? 'plain';
    const names = inputs.map((input) => (typeof input === 'string' ? input : this.nameIn(input, layout)));
    const values = outputs.map((o) => new Value(this, o.shape, o.dtype, { [layout]: this.#fresh(opType) }));
    for (const value of values) this.tensors.set(value.names[layout]!, value);
    this.nodes.push({
      opType,
      domain: options.domain ?? '',
      inputs: names,
      outputs: values.map((v) => v.names[layout]!),
      attributes: options.attributes ?? {},
    });
    return values;
  }

  /** Declares `output` a differentiable function of `inputs`. */
  record(inputs: readonly Value[], output: Value, backward: TapeEntry['backward']): Value {
    if (this.recording && inputs.some((v) => v.requiresGrad)) {
      output.requiresGrad = true;
      this.tape.push({ inputs, output, backward });
    }
    return output;
  }

  /** Runs `build` without recording: for ops that state their own gradient, and for gradients themselves. */
  untaped<T>(build: () => T): T {
    const before = this.recording;
    this.recording = false;
    try {
      return build();
    } finally {
      this.recording = before;
    }
  }

  /** Makes a value an output of the file under this name, in plain layout unless told otherwise. */
  output(name: string, value: Value, options: { layout?: Layout; symbolicBatch?: boolean } = {}): void {
    const from = this.nameIn(value, options.layout ?? 'plain');
    this.nodes.push({ opType: 'Identity', inputs: [from], outputs: [name] });
    this.#outputs.push({ name, dtype: value.dtype, shape: options.symbolicBatch ? ['N', ...value.shape.slice(1)] : value.shape });
  }

  get outputs(): readonly OnnxPort[] {
    return this.#outputs;
  }

  /** The bytes of the `.onnx` file. */
  encode(metadata: Readonly<Record<string, string>> = {}): Uint8Array {
    return this.#encode({ nodes: this.nodes, inputs: this.inputs, outputs: this.#outputs, initializers: this.#initializers, metadata });
  }

  /** The bytes of the part that computes these tensors, with those of `given` fed instead of computed; and the inputs it has. */
  encodePart(outputs: readonly string[], given: readonly string[] = []): { readonly bytes: Uint8Array; readonly inputs: readonly string[] } {
    const wanted = new Set(outputs);
    const nodes: OnnxNode[] = [];
    for (const node of this.nodes.toReversed()) {
      if (!node.outputs.some((name) => wanted.has(name) && !given.includes(name))) continue;
      for (const name of node.inputs) wanted.add(name);
      nodes.push(node);
    }
    const declared = [...this.inputs, ...this.#outputs];
    const port = (name: string): OnnxPort => {
      const { dtype, shape } = declared.find((each) => each.name === name) ?? this.tensors.get(name)!;
      return { name, dtype, shape };
    };
    const names = [...this.inputs.map(({ name }) => name).filter((name) => !given.includes(name)), ...given].filter((name) => wanted.has(name));
    const initializers = Object.fromEntries(Object.entries(this.#initializers).filter(([name]) => wanted.has(name)));
    return { bytes: this.#encode({ nodes: nodes.reverse(), inputs: names.map(port), outputs: outputs.map(port), initializers, metadata: {} }), inputs: names };
  }

  #encode(part: Pick<OnnxModel, 'nodes' | 'inputs' | 'outputs' | 'initializers' | 'metadata'>): Uint8Array {
    const blocked = part.nodes.some((n) => n.domain === blockedDomain);
    const nodes = blocked ? fuseRelu(part.nodes) : part.nodes;
    return encodeModel({
      irVersion: 9,
      opsets: { '': 20, ...(blocked ? { [blockedDomain]: 1 } : {}) },
      producer: 'mien',
      graphName: this.name,
      ...part,
      nodes,
    });
  }
}

/** True where a value can be held in blocked layout. */
export function canBlock(value: { graph: Graph; shape: Shape }): boolean {
  const block = value.graph.kernels.block;
  return block > 0 && value.shape.length === 4 && value.shape[1]! % block === 0;
}

/** The layout an op on several values should work in: blocked when one already lives there and all can. */
export function commonLayout(values: readonly Value[]): Layout {
  return values.some((v) => v.names.blocked !== undefined) && values.every(canBlock) ? 'blocked' : 'plain';
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((dim, i) => dim === b[i]);
}

export function describe(shape: Shape): string {
  return `[${shape.join(',')}]`;
}
