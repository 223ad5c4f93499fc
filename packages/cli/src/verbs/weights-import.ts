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
  importWeights,
  type NamedTensor,
  type Normalisation,
  type OptionValue,
  printableName,
  unfoldBatchNorm,
  type WeightImport,
} from '@mien/models';
import { findPulled, sha256Of } from '@mien/models/node';
import { createSession } from '@mien/onnx/node';
import { expressions, UserError } from '@mien/runtime';
import { writeAtomically } from '@mien/training/run-folder';
import { makeRoomFor } from '../make-room-for.ts';
import { note, printJson, printText, Progress } from '../output.ts';
import { faceBatches } from './weights-faces.ts';
import { originOf, type WeightsOnDisk } from './weights-origin.ts';
import { asSkipped, listTensors, noteSummary, yaml } from './weights-report.ts';

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

/** What becomes of colours in a grey network, which has one mean and deviation: those of Mien's recipes. */
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

async function readWeights(given: string): Promise<WeightsOnDisk> {
  const file = await locate(given);
  let bytes: Uint8Array;
  try {
    bytes = new Uint8Array(readFileSync(file));
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new UserError('unreadable-file', `${file}: cannot be read (${code}); check its permissions, and that it is smaller than 2 GB`, { cause });
  }
  return { given, file, bytes, contents: decodeWeights(bytes, file) };
}

/** Refuses a file of another model, unless only what fits is asked for. */
function check(imported: WeightImport, { file, contents: { tensors, unread } }: WeightsOnDisk, { model, partial }: ImportFlags): void {
  if (imported.used.length === 0 || !partial) {
    try {
      const shapes = new Map<string, Pick<NamedTensor, 'shape'>>([...tensors, ...unread.map((tensor) => [tensor.name, tensor] as const)]);
      checkFit(imported, shapes, { file, model }, architectures);
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
    if (split.locked) {
      throw new UserError(
        'locked-split',
        `split ${split.name} is a locked test split and must not be measured on: batch norms are learnt from it; name another one with --split`,
      );
    }
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

export async function importVerb(given: string, flags: ImportFlags): Promise<void> {
  const architecture = findArchitecture(flags.model);
  if (!architecture) throw new UserError('no-model', `${flags.model}: no such architecture; there are ${architectures.map((a) => a.name).join(', ')}`);
  const input = flags.input ?? architecture.input;
  const target: Target = { input, network: architecture.build({ classes: flags.classes ?? expressions.length, channels: input[0], ...flags.options }) };
  const read = await readWeights(given);
  makeRoomFor(flags.out);
  const { file, contents } = read;
  const origin = originOf(read, flags);
  const { expects, expectsBy, licence, source } = origin;
  const gets = flags.gets ?? (input[0] === 1 && expects.mean.length > 1 ? greyNormalisation : expects);

  const taken = importWeights(target, contents.tensors, { normalisation: { expects, gets } });
  check(taken, read, flags);
  noteSummary(file, taken, origin, { tensors: contents.tensors.size, unread: contents.unread.length, model: architecture.name, input });

  const imported = { ...taken, skipped: [...taken.skipped, ...asSkipped(contents.unread)] };
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
    const metadata = {
      source,
      'source.file': basename(file),
      'source.sha256': sha256,
      licence,
      model: architecture.name,
      options: JSON.stringify(flags.options),
      input: JSON.stringify(input),
      normalise: JSON.stringify(gets),
      ...(flags.partial ? { partial: 'true' } : {}),
      ...(measuredOn ? { batchNorm: `unfolded, measured on ${measuredOn}` } : {}),
    };
    writeAtomically(flags.out, encodeWeights(weights, target, metadata));
    note(`wrote ${flags.out}: ${weights.size} weights, licence ${printableName(licence)}. In the recipe:`);
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
      expects,
      expectsBy,
      normalise: gets,
      measuredOn,
      out: flags.out,
    });
  } else printText(listTensors(imported).join('\n'));
}
