/** Starting values of weights. Randomness is an argument. */
import { type Shape, sizeOf } from '@mien/onnx';

/** A source of random numbers: `next` uniform in [0,1), `normal` standard normal. */
export interface Random {
  next(): number;
  normal(): number;
}

export type Initializer = (shape: Shape, random: Random) => Float32Array;

/** Inputs that feed one output: C·kh·kw of a convolution, D of a dense layer. */
function fanIn(shape: Shape): number {
  return sizeOf(shape.slice(1));
}

/** Normal with standard deviation √(2 / fan-in), for layers followed by ReLU (He et al. 2015, eq. 10). */
export const heNormal: Initializer = (shape, random) => {
  const deviation = Math.sqrt(2 / fanIn(shape));
  return Float32Array.from({ length: sizeOf(shape) }, () => random.normal() * deviation);
};

/** Uniform in ±√(6 / (fan-in + fan-out)) (Glorot & Bengio 2010, eq. 16). */
export const glorotUniform: Initializer = (shape, random) => {
  const fanOut = shape[0]! * sizeOf(shape.slice(2));
  const limit = Math.sqrt(6 / (fanIn(shape) + fanOut));
  return Float32Array.from({ length: sizeOf(shape) }, () => (random.next() * 2 - 1) * limit);
};

/** Normal with the given standard deviation, whatever the shape: embeddings and tokens. */
export function normal(deviation: number): Initializer {
  return (shape, random) => Float32Array.from({ length: sizeOf(shape) }, () => random.normal() * deviation);
}

export function constantOf(value: number): Initializer {
  return (shape) => new Float32Array(sizeOf(shape)).fill(value);
}
