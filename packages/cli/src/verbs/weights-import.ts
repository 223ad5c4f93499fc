/** `mien weights import`. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { buildNetwork, type Network } from '@mien/engine';
import { openStore, randomFor } from '@mien/data';
import {
  architectures,
  checkFit,
  decodeWeights,
  encodeWeights,
  findArchitecture,
  findHubWeights,
  imagenetNormalisation,
  importWeights,
  type Normalisation,
  type OptionValue,
  type SafetensorsFile,
  unfoldBatchNorm,
  type WeightImport,
} from '@mien/models';
import { findPulled, sha256Of } from '@mien/models/node';
import { createSession } from '@mien/onnx/node';
import { expressions, UserError } from '@mien/runtime';
import { writeAtomically } from '@mien/training/run-folder';
import { note, printJson, printText, Progress } from '../output.ts';
import { faceBatches } from './weights-faces.ts';

export interface ImportFlags {
  model: string;
  options: Record<string, OptionValue>;
  input?: readonly [number, number, number];
  classes?: number;
  out?: string;
  data?: string;
  split: string;
  rows: number;
  expects?: Normalisation;
  gets?: Normalisation;
  partial?: boolean;
  licence?: string;
  threads?: number;
  json?: boolean;
}

/** Grey networks have one mean and deviation, which the weights of colour networks do not tell: those of Mien's recipes. */
const greyNormalisation: Normalisation = { mean: [0.5], std: [0.25] };

interface Target {
  readonly network: Network;
  readonly input: readonly [number, number, number];
}

/** The file itself, or what was pulled under this name. */
async function locate(file: string): Promise<string> {
  if (existsSync(file)) {
    if (!statSync(file).isFile()) throw new UserError('not-a-file', `${file}: expected a file of weights, this is a folder; name a file in it`);
    return file;
  }
  const pulled = await findPulled(file);
  if (pulled) return pulled;
  const hint = findHubWeights(file) ? `; fetch it first: mien weights pull ${file}` : ', and nothing of this name was pulled; check the path';
  throw new UserError('not-found', `${file}: there is no such file${hint}`);
}

function readWeights(file: string): SafetensorsFile {
  let bytes: Uint8Array;
  try {
    bytes = new Uint8Array(readFileSync(file));
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new UserError('unreadable-file', `${file}: cannot be read (${code}); check its permissions, and that it is smaller than 2 GB`, { cause });
  }
  return decodeWeights(bytes, file);
}

/** Refuses a file of another model, unless only what fits is asked for. */
function check(imported: WeightImport, { tensors }: SafetensorsFile, file: string, { model, partial }: ImportFlags): void {
  if (imported.used.length === 0 || !partial) {
    try {
      checkFit(imported, tensors, { file, model }, architectures);
    } catch (error) {
      if (!(error instanceof UserError) || imported.used.length === 0) throw error;
      throw new UserError(error.code, `${error.message}. To take what fits all the same: --partial`, { cause: error });
    }
  }
}

/** Measures the folded batch norms on faces and returns their weights, and what they were measured on. */
async function unfold(
  { network, input }: Target,
  { weights, folded }: WeightImport,
  normalisation: Normalisation,
  { data, split: splitName, rows: most, threads }: ImportFlags & { data: string },
): Promise<{ norms: ReadonlyMap<string, Float32Array>; measuredOn: string }> {
  // Parts that are missing stand in between while the rest is measured: drawn as a recipe with seed 1 draws them.
  const { specs } = buildNetwork(network, input, { mode: 'infer', batch: 1 });
  const standing = new Map(specs.map((s) => [s.name, weights.get(s.name) ?? s.initializer(s.shape, randomFor(1, 'weights', s.name))]));
  const store = await openStore(data);
  const progress = new Progress();
  try {
    const split = await store.split(splitName);
    const { batches, rows } = faceBatches(split, { input, normalisation, rows: most });
    const norms = await unfoldBatchNorm({
      network,
      input,
      weights: standing,
      folded,
      batches,
      createSession,
      onProgress: (images) => progress.count('measuring batch norms on faces', images, rows),
      ...(threads ? { threads } : {}),
    });
    return { norms, measuredOn: `${rows} faces of ${store.manifest.name}, split ${split.name}` };
  } finally {
    progress.end();
    await store.close();
  }
}

function report({ used, reshaped, folded, skipped, missing }: WeightImport): string[] {
  const how = new Map(reshaped.map((r) => [r.to, `   (${r.how})`]));
  const norms = new Map([...folded.values()].map((f) => [`${f.conv}.bias`, `${f.norm}, folded`]));
  return [
    ...used.map(({ from, to }) => `used     ${from} → ${norms.get(to) ?? to}${how.get(to) ?? ''}`),
    ...skipped.map(({ name, shape, reason }) => `skipped  ${name} [${shape}]: ${reason}`),
    ...missing.map(({ name, shape }) => `missing  ${name} [${shape}]`),
  ];
}

/** One number for all channels, or a list, as YAML. */
function yaml(values: readonly number[]): string {
  return values.length === 1 ? String(values[0]) : `[${values.join(', ')}]`;
}

function noteSummary(file: string, imported: WeightImport, total: number, model: string, input: readonly number[]): void {
  const { used, skipped, missing, dialect } = imported;
  const convolutions = skipped.filter(({ shape }) => shape.length === 4).length;
  note(`${file}: ${used.length} of ${total} tensors used (${dialect} names) for ${model} ${input.join('×')}`);
  note(`${skipped.length} skipped${convolutions ? `, ${convolutions} of them convolutions: the model ends earlier, or has options for them` : ''}`);
  note(`${missing.length} weights of the model missing: a recipe draws those from its seed`);
}

export async function importVerb(given: string, flags: ImportFlags): Promise<void> {
  const architecture = findArchitecture(flags.model);
  if (!architecture) throw new UserError('no-model', `${flags.model}: no such architecture; there are ${architectures.map((a) => a.name).join(', ')}`);
  const input = flags.input ?? architecture.input;
  const target: Target = { input, network: architecture.build({ classes: flags.classes ?? expressions.length, channels: input[0], ...flags.options }) };
  const file = await locate(given);
  const contents = readWeights(file);
  const known = findHubWeights(given);
  const expects = flags.expects ?? known?.expects ?? imagenetNormalisation;
  const gets = flags.gets ?? (input[0] === 1 ? greyNormalisation : expects);

  const imported = importWeights(target, contents.tensors, { normalisation: { expects, gets } });
  check(imported, contents, file, flags);
  noteSummary(file, imported, contents.tensors.size - imported.ignored.length, architecture.name, input);

  const { metadata } = contents;
  const licence = flags.licence ?? metadata.licence ?? metadata.license ?? known?.licence ?? 'unknown';
  const sha256 = await sha256Of(file);
  const weights = new Map(imported.weights);
  let measuredOn: string | undefined;
  const norms = imported.folded.size;
  if (norms && !flags.out) note(`${norms} batch norms are folded into their convolutions; to write them (--out), --data is needed to unfold them`);
  if (norms && flags.out) {
    const { data } = flags;
    if (!data) {
      const message = `${file}: ${norms} of its convolutions hold their batch norm folded in; to unfold it, name a store with faces like those of the training: --data STORE`;
      throw new UserError('needs-data', message);
    }
    const unfolded = await unfold(target, imported, gets, { ...flags, data });
    for (const [name, values] of unfolded.norms) weights.set(name, values);
    measuredOn = unfolded.measuredOn;
    note(`${norms} batch norms unfolded, measured on ${measuredOn}`);
  }
  if (flags.out) {
    const origin = {
      source: metadata.source ?? known?.repo ?? basename(file),
      'source.file': basename(file),
      'source.sha256': sha256,
      licence,
      model: architecture.name,
      options: JSON.stringify(flags.options),
      input: JSON.stringify(input),
      normalise: JSON.stringify(gets),
      ...(measuredOn ? { batchNorm: `unfolded, measured on ${measuredOn}` } : {}),
    };
    writeAtomically(flags.out, encodeWeights(weights, target, origin));
    note(`wrote ${flags.out}: ${weights.size} weights, licence ${licence}. In the recipe:`);
    note(`  init: ${flags.out}\n  normalise: { mean: ${yaml(gets.mean)}, std: ${yaml(gets.std)} }`);
  }
  if (flags.json) {
    const folded = [...imported.folded.values()].map(({ conv, norm }) => ({ conv, norm }));
    const { used, reshaped, skipped, ignored, missing, dialect } = imported;
    const figures = { used, reshaped, folded, skipped, ignored, missing };
    printJson({
      file,
      sha256,
      licence,
      model: architecture.name,
      options: flags.options,
      input,
      dialect,
      ...figures,
      normalise: gets,
      measuredOn,
      out: flags.out,
    });
  } else printText(report(imported).join('\n'));
}
