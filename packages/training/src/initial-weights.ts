/** The weights a training starts from: drawn from the seed, or taken from a file where names and shapes fit. */
import { type AnyNetwork, buildNetwork, type Weights, type WeightSpec } from '@mien/engine';
import { randomFor } from '@mien/data';
import { architectures, bestFit, checkFit, type WeightImport } from '@mien/models';
import { UserError } from '@mien/runtime';
import { type FoundTensor, type InitFile, readInitFile, type WeightsOrigin } from './init-file.ts';
import type { ImageShape } from './input-pixels.ts';
import type { Recipe } from './recipe-schema.ts';

/** What became of the weights of a file. */
export interface InitReport {
  readonly source: string;
  readonly used: number;
  /** Weights of the network that the file does not hold, or holds in another shape: drawn from the seed. */
  readonly fresh: readonly string[];
  readonly origin: WeightsOrigin;
  /** SHA-256 of the file. */
  readonly checksum: string;
  /** Nobody says how images must be normalised for these weights, so the recipe's word could not be checked. */
  readonly normalisationUnknown?: boolean;
}

/** First weights, each a function of the seed and its name. */
export function drawWeights(specs: readonly WeightSpec[], seed: number): Map<string, Float32Array> {
  return new Map(specs.map((spec) => [spec.name, spec.initializer(spec.shape, randomFor(seed, 'weights', spec.name))]));
}

/** Weights see the images they were made for, or nothing they have learned holds. */
function checkNormalisation(source: string, expected: Recipe['normalise'], got: Recipe['normalise'], channels: number): void {
  const entry = (values: number | readonly number[], c: number): number => (typeof values === 'number' ? values : values[Math.min(c, values.length - 1)]!);
  for (let c = 0; c < channels; c++) {
    if (entry(expected.mean, c) === entry(got.mean, c) && entry(expected.std, c) === entry(got.std, c)) continue;
    throw new UserError(
      'other-normalisation',
      `init ${source}: its weights are for images normalised with ${JSON.stringify(expected)}, the recipe says ${JSON.stringify(got)}; set normalise to the former, or import the weights with --gets`,
    );
  }
}

const isSameShape = (a: readonly number[], b: readonly number[]): boolean => a.length === b.length && a.every((dim, i) => dim === b[i]);

/** Attention gates are small and new in most trainings: one of another kernel says nothing against the network around it. */
const isGate = (name: string): boolean => /(?:^|\.)cbam\./.test(name);

/** What an import of the file would use, skip and miss, by Mien's own names and exact shapes. */
function matchByName(tensors: ReadonlyMap<string, FoundTensor>, specs: readonly WeightSpec[]): WeightImport {
  const shapes = new Map(specs.map(({ name, shape }) => [name, shape]));
  const fits = (name: string): boolean => tensors.has(name) && isSameShape(tensors.get(name)!.shape, shapes.get(name)!);
  const used = specs.filter(({ name }) => fits(name)).map(({ name }) => ({ from: name, to: name }));
  const taken = new Set(used.map(({ to }) => to));
  const ignored = [...tensors.keys()].filter((name) => name.endsWith('num_batches_tracked'));
  const reasonOf = (name: string, shape: readonly number[]): string => {
    const wanted = shapes.get(name);
    if (isGate(name)) return '';
    return wanted ? `it is [${shape}], the model has [${wanted}]` : 'the model has no such weight';
  };
  return {
    weights: new Map(),
    used,
    reshaped: [],
    folded: new Map(),
    skipped: [...tensors]
      .filter(([name]) => !taken.has(name) && !ignored.includes(name))
      .map(([name, { shape }]) => ({ name, shape, to: name, reason: reasonOf(name, shape) })),
    ignored,
    missing: specs.filter(({ name }) => !taken.has(name)),
    dialect: 'mien',
  };
}

/** What could be done with a file of which nothing fits by name. */
function adviceFor(tensors: InitFile['tensors'], model: string): string {
  const best = bestFit(tensors, architectures);
  const fitsBetter = best && best.model !== model && 2 * best.fitting > best.ofFile;
  return fitsBetter ? `model ${best.model} fits best, ${best.fitting} of ${best.ofFile}` : '`mien weights import` translates names';
}

const describeOptions = (options: Readonly<Record<string, unknown>>): string =>
  Object.keys(options).length === 0
    ? 'no modelOptions'
    : `modelOptions ${Object.entries(options)
        .map(([name, value]) => `${name}=${String(value)}`)
        .join(', ')}`;

/** Refuses weights of another network by the rule of `mien weights import`: new heads and gates may be missing, the layers around them may not. */
function checkInit(
  match: WeightImport,
  { tensors, model: madeFor, options, partial }: InitFile,
  specs: readonly WeightSpec[],
  { init, model, modelOptions }: Recipe,
): void {
  const said =
    madeFor && madeFor !== model
      ? `; the file says it is of model ${madeFor}`
      : madeFor && options && JSON.stringify(options) !== JSON.stringify(modelOptions)
        ? `; it was imported for ${describeOptions(options)}, the recipe has ${describeOptions(modelOptions)}`
        : '';
  if (match.used.length === 0) {
    const some = (names: Iterable<string>): string => [...names].slice(0, 2).join(', ');
    throw new UserError(
      'no-init',
      `init ${init}: none of its ${tensors.size} weights fits the network (it has ${some(tensors.keys())}…, the network ${some(specs.map(({ name }) => name))}…); ${adviceFor(tensors, model)}${said}`,
    );
  }
  // Whoever imported with --partial knows that it is of another network, as long as it was made for this one.
  if (partial && madeFor === model) return;
  try {
    checkFit(match, tensors, { file: `init ${init}`, model }, architectures);
  } catch (error) {
    if (!(error instanceof UserError) || !said) throw error;
    throw new UserError(error.code, `${error.message}${said}`, { cause: error });
  }
}

/** The weights of a recipe's `init`, by name. Throws `UserError` for a file of another network, or whose numbers are none. */
export function takeInit(specs: readonly WeightSpec[], channels: number, recipe: Recipe & { readonly init: string }): { taken: Weights; report: InitReport } {
  const { init, normalise } = recipe;
  const file = readInitFile(init);
  if (file.normalise) checkNormalisation(init, file.normalise, normalise, channels);
  const match = matchByName(file.tensors, specs);
  checkInit(match, file, specs, recipe);
  const taken = new Map(match.used.map(({ to }) => [to, file.tensors.get(to)!.data]));
  for (const [name, values] of taken) {
    const at = values.findIndex((value) => !Number.isFinite(value));
    if (at >= 0) throw new UserError('bad-weights', `init ${init}: weight ${name} holds ${values[at]}; take a file of a training that did not diverge`);
  }
  const report = {
    source: init,
    used: taken.size,
    fresh: match.missing.map(({ name }) => name),
    origin: file.origin,
    checksum: file.checksum,
    ...(file.normalise ? {} : { normalisationUnknown: true }),
  };
  return { taken, report };
}

/** All weights of the network at the start of a training. Throws `UserError` when the file of `init` does not fit. */
export function initialWeights(network: AnyNetwork, input: ImageShape, recipe: Recipe): { weights: Weights; report?: InitReport } {
  const { specs } = buildNetwork(network, input, { mode: 'infer', batch: 1 });
  const { init, seed } = recipe;
  if (!init) return { weights: drawWeights(specs, seed) };
  const { taken, report } = takeInit(specs, input[0], { ...recipe, init });
  const valuesOf = (spec: WeightSpec): Float32Array => taken.get(spec.name)?.slice() ?? drawWeights([spec], seed).get(spec.name)!;
  return { weights: new Map(specs.map((spec) => [spec.name, valuesOf(spec)])), report };
}
