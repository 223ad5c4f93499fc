/** The weights a training starts from: drawn from the seed, or taken from a file where names and shapes fit. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { type AnyNetwork, buildNetwork, type Weights, type WeightSpec } from '@mien/engine';
import { randomFor } from '@mien/data';
import { decodeWeights } from '@mien/models';
import { decodeModel, widenWeights } from '@mien/onnx';
import { UserError } from '@mien/runtime';
import type { ImageShape } from './input-pixels.ts';
import type { Recipe } from './recipe-schema.ts';
import { isRunFolder, runFolder } from './run-folder.ts';

/** What became of the weights of a file. */
export interface InitReport {
  readonly source: string;
  readonly used: number;
  /** Weights of the network that the file does not hold, or holds in another shape: drawn from the seed. */
  readonly fresh: readonly string[];
}

interface FoundTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** First weights, each a function of the seed and its name. */
export function drawWeights(specs: readonly WeightSpec[], seed: number): Map<string, Float32Array> {
  return new Map(specs.map((spec) => [spec.name, spec.initializer(spec.shape, randomFor(seed, 'weights', spec.name))]));
}

/** Weights of an exported model by name, also of one that keeps them as float16 or int8. */
export function weightsOfModel(bytes: Uint8Array): Map<string, FoundTensor> {
  const found = new Map<string, FoundTensor>();
  for (const [name, tensor] of Object.entries(widenWeights(decodeModel(bytes)).initializers)) {
    if (tensor.dtype === 'float32') found.set(name, { shape: tensor.shape, data: tensor.data as Float32Array });
  }
  return found;
}

interface FoundWeights {
  readonly tensors: ReadonlyMap<string, FoundTensor>;
  /** How images must be normalised for them, where the file says so. */
  readonly normalise?: Recipe['normalise'];
}

/** Of a `.safetensors` or `.onnx` file, or of the best model of a run. */
function readWeights(source: string): FoundWeights {
  const file = isRunFolder(source) ? runFolder(source).model : source;
  if (!existsSync(file) || !statSync(file).isFile()) {
    throw new UserError('no-init', `init ${source}: expected a .safetensors or .onnx file or the folder of a run with a model.onnx; there is none`);
  }
  const bytes = new Uint8Array(readFileSync(file));
  if (!file.endsWith('.onnx')) {
    const { tensors, metadata } = decodeWeights(bytes, file);
    return { tensors, ...(metadata.normalise ? { normalise: JSON.parse(metadata.normalise) as Recipe['normalise'] } : {}) };
  }
  try {
    return { tensors: weightsOfModel(bytes) };
  } catch (cause) {
    throw new UserError('no-init', `init ${file}: cannot be read as an ONNX file (${(cause as Error).message})`, { cause });
  }
}

/** Weights see the images they were made for, or nothing they have learned holds. */
function checkNormalisation(source: string, expected: Recipe['normalise'], got: Recipe['normalise'], channels: number): void {
  const entry = (values: number | readonly number[], c: number): number => (typeof values === 'number' ? values : values[Math.min(c, values.length - 1)]!);
  for (let c = 0; c < channels; c++) {
    if (entry(expected.mean, c) === entry(got.mean, c) && entry(expected.std, c) === entry(got.std, c)) continue;
    throw new UserError(
      'other-normalisation',
      `init ${source}: its weights are for images normalised with ${JSON.stringify(expected)}, the recipe says ${JSON.stringify(got)}; set normalise to the former, or import the weights again with --gets`,
    );
  }
}

/** All weights of the network at the start of a training. Throws `UserError` when the file has none that fit. */
export function initialWeights(network: AnyNetwork, input: ImageShape, { seed, init, normalise }: Recipe): { weights: Weights; report?: InitReport } {
  const { specs } = buildNetwork(network, input, { mode: 'infer', batch: 1 });
  const weights = drawWeights(specs, seed);
  if (!init) return { weights };
  const { tensors: found, normalise: expected } = readWeights(init);
  if (expected) checkNormalisation(init, expected, normalise, input[0]);
  const fresh: string[] = [];
  for (const { name, shape } of specs) {
    const tensor = found.get(name);
    if (tensor && tensor.shape.length === shape.length && tensor.shape.every((dim, i) => dim === shape[i])) weights.set(name, tensor.data.slice());
    else fresh.push(name);
  }
  const used = specs.length - fresh.length;
  if (used === 0) {
    throw new UserError(
      'no-init',
      `init ${init}: none of its ${found.size} weights fits the network (it has ${[...found.keys()].slice(0, 2).join(', ')}…, the network ${specs
        .slice(0, 2)
        .map((s) => s.name)
        .join(', ')}…); \`mien weights import\` translates names`,
    );
  }
  return { weights, report: { source: init, used, fresh } };
}
