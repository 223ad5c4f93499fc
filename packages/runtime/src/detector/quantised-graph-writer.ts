/** Writes the ONNX graphs of networks that come as weights alone, as those of @vladmandic/face-api: one byte a value. */
import { type Attribute, type OnnxNode, type TensorValue, tensor } from '@mien/onnx';

/** Tensors by name: value = values · scale + min. Convolution filters are [kernel, kernel, in, out], as in TF. */
export type QuantisedWeights = Record<string, { shape: readonly number[]; values: Uint8Array | Float32Array; scale: number; min: number }>;

/** How TF's filters become ONNX's: `keep` picks output channels; `depthwise` ones are [kernel, kernel, C, 1]. */
export interface FilterOptions {
  readonly keep?: readonly number[];
  readonly depthwise?: boolean;
}

export class QuantisedGraphWriter {
  readonly nodes: OnnxNode[] = [];
  readonly initializers: Record<string, TensorValue> = {};
  readonly #network: string;
  readonly #weights: QuantisedWeights;

  /** `network` is its name, for messages. */
  constructor(network: string, weights: QuantisedWeights) {
    this.#network = network;
    this.#weights = weights;
  }

  add(opType: string, inputs: string[], output: string, attributes: Record<string, Attribute> = {}): string {
    this.nodes.push({ opType, name: output, inputs, outputs: [output], attributes });
    return output;
  }

  constant(name: string, values: readonly number[] | Float32Array, shape: readonly number[]): string {
    this.initializers[name] = tensor.float32(Float32Array.from(values), shape);
    return name;
  }

  /** Throws `RangeError` when the weights lack the tensor. */
  weight(name: string): QuantisedWeights[string] {
    const weight = this.#weights[name];
    if (!weight) throw new RangeError(`${this.#network}: the weights lack ${name}`);
    return weight;
  }

  values(name: string): Float32Array {
    const { values, scale, min } = this.weight(name);
    return Float32Array.from(values, (q) => q * scale + min);
  }

  /** A convolution's filters [k,k,in,out] as [kept,in,k,k], or depthwise [k,k,C,1] as [C,1,k,k]. */
  filters(name: string, { keep, depthwise = false }: FilterOptions = {}): string {
    const { shape, values } = this.weight(name);
    const [kernel, , third, last] = shape as [number, number, number, number];
    const [inputs, outputs] = depthwise ? [last, third] : [third, last];
    const kept = keep ?? Array.from({ length: outputs }, (_, o) => o);
    const area = kernel * kernel;
    const moved = new Uint8Array(kept.length * inputs * area);
    let to = 0;
    for (const o of kept) {
      for (let i = 0; i < inputs; i++) for (let k = 0; k < area; k++) moved[to++] = values[depthwise ? k * outputs + o : (k * inputs + i) * outputs + o]!;
    }
    return this.bytes(name, moved, [kept.length, inputs, kernel, kernel]);
  }

  /** A tensor that stays bytes in the file: ONNX Runtime computes q · scale + min once, when it loads the graph. */
  bytes(name: string, values: Uint8Array, shape: readonly number[]): string {
    const { scale, min } = this.weight(name);
    this.initializers[`${name}:q`] = tensor.uint8(values, shape);
    this.add('Cast', [`${name}:q`], `${name}:cast`, { to: 1 });
    this.add('Mul', [`${name}:cast`, this.constant(`${name}:scale`, [scale], [])], `${name}:scaled`);
    return this.add('Add', [`${name}:scaled`, this.constant(`${name}:min`, [min], [])], `${name}:float`);
  }
}
