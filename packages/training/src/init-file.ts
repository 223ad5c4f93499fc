/** A file of weights that a recipe's `init` names: its tensors, and what it says of itself. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import type { RowSet } from '@mien/data';
import { decodeWeights, findHubWeightsAt, parseStatedNormalisation, printableName } from '@mien/models';
import { decodeModel, widenWeights } from '@mien/onnx';
import { cardKey, type ModelCard, readCard, UserError } from '@mien/runtime';
import type { Recipe } from './recipe-schema.ts';
import { isRunFolder, runFolder } from './run-folder.ts';
import { isFields } from './set-field.ts';

export interface FoundTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Where weights come from, for the card of what is made of them. */
export interface WeightsOrigin {
  readonly name: string;
  /** Undefined where the file does not say. */
  readonly licence?: string;
  /** What these weights came from in turn, in words. */
  readonly startedFrom?: string;
  /** Rows they were learnt from and chosen on, as far as a card says. */
  readonly learntRows?: readonly RowSet[];
  readonly chosenRows?: readonly RowSet[];
}

export interface InitFile {
  readonly tensors: ReadonlyMap<string, FoundTensor>;
  /** How images must be normalised for them, where the file says so. */
  readonly normalise?: Recipe['normalise'];
  /** The architecture they were made for, where the file says so. */
  readonly model?: string;
  /** Options of that architecture, where the file says so. */
  readonly options?: Readonly<Record<string, unknown>>;
  readonly origin: WeightsOrigin;
  /** SHA-256 of the file. */
  readonly checksum: string;
  /** Whether whoever imported it asked for what fits of another network. */
  readonly partial?: boolean;
}

/** Weights of an exported model by name, also of one that keeps them as float16 or int8. */
export function weightsOfModel(bytes: Uint8Array): Map<string, FoundTensor> {
  const found = new Map<string, FoundTensor>();
  for (const [name, tensor] of Object.entries(widenWeights(decodeModel(bytes)).initializers)) {
    if (tensor.dtype === 'float32') found.set(name, { shape: tensor.shape, data: tensor.data as Float32Array });
  }
  return found;
}

export function originOfCard({ name, licence, training: { startedFrom, learntRows, chosenRows } }: ModelCard): WeightsOrigin {
  return { name, licence, ...(startedFrom ? { startedFrom } : {}), ...(learntRows ? { learntRows } : {}), ...(chosenRows ? { chosenRows } : {}) };
}

/** `timm/resnet18.tv_in1k (bsd-3-clause)`. */
export function describeOrigin({ name, licence, startedFrom }: WeightsOrigin): string {
  return `${name}${licence ? ` (${licence})` : ''}${startedFrom ? `, which started from ${startedFrom}` : ''}`;
}

function ofModel(bytes: Uint8Array, file: string): Omit<InitFile, 'checksum'> {
  let tensors: ReadonlyMap<string, FoundTensor>;
  let hasCard: boolean;
  try {
    tensors = weightsOfModel(bytes);
    hasCard = cardKey in decodeModel(bytes).metadata;
  } catch (cause) {
    throw new UserError('no-init', `init ${file}: cannot be read as an ONNX file (${(cause as Error).message})`, { cause });
  }
  if (!hasCard) return { tensors, origin: { name: basename(file) } };
  const card = readCard(bytes, file);
  const { mean, std } = card.preprocessing;
  return { tensors, model: card.architecture, normalise: { mean: [...mean], std: [...std] }, origin: originOfCard(card) };
}

/** The file that a recipe's `init` stands for, whether or not it exists. */
export function initFile(source: string): string {
  return isRunFolder(source) ? runFolder(source).model : source;
}

function readBytes(file: string, source: string): Uint8Array {
  try {
    return new Uint8Array(readFileSync(file));
  } catch (cause) {
    throw new UserError('no-init', `init ${source}: cannot be read (${(cause as Error).message})`, { cause });
  }
}

function statedNormalisation(text: string, file: string): Recipe['normalise'] {
  const { mean, std } = parseStatedNormalisation(text, `init ${file}`, 'import the weights again with --expects');
  return { mean: [...mean], std: [...std] };
}

/** Options of an architecture, as JSON. */
function parseOptions(text: string, file: string): Record<string, unknown> {
  try {
    const options = JSON.parse(text) as unknown;
    if (isFields(options)) return options;
  } catch {}
  throw new UserError('bad-metadata', `init ${file}: its metadata say options ${printableName(text)}, expected an object; import the weights again`);
}

/** Of a `.safetensors` or `.onnx` file, or of the best model of a run. Throws `UserError` where there is none, or it cannot be read. */
export function readInitFile(source: string): InitFile {
  const file = initFile(source);
  if (!existsSync(file) || !statSync(file).isFile()) {
    throw new UserError('no-init', `init ${source}: expected a .safetensors or .onnx file or the folder of a run with a model.onnx; there is none`);
  }
  const bytes = readBytes(file, source);
  const checksum = createHash('sha256').update(bytes).digest('hex');
  if (file.endsWith('.onnx')) return { ...ofModel(bytes, file), checksum };
  const { tensors, metadata } = decodeWeights(bytes, file);
  const { source: from, model, options, normalise, partial } = metadata;
  // Weights that were pulled say little of themselves; the catalogue knows them by their path.
  const known = findHubWeightsAt(resolve(file));
  const licence = metadata.licence ?? metadata.license ?? known?.licence;
  const expected = normalise ? statedNormalisation(normalise, file) : known && { mean: [...known.expects.mean], std: [...known.expects.std] };
  return {
    tensors,
    checksum,
    ...(partial === 'true' ? { partial: true } : {}),
    ...(expected ? { normalise: expected } : {}),
    ...(model ? { model } : {}),
    ...(options ? { options: parseOptions(options, file) } : {}),
    origin: { name: from ?? known?.repo ?? basename(file), ...(licence ? { licence } : {}) },
  };
}
