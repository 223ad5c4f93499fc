/** What `mien models` knows of a name: an architecture, the released models built on it, or an `.onnx` file with a card. */
import { existsSync, statSync } from 'node:fs';
import { describeNetwork, type NetworkSummary } from '@mien/engine';
import { type Architecture, architectures, findArchitecture, type OptionSpecs, type OptionValue } from '@mien/models';
import { expressions, type ModelCard, readCard, UserError } from '@mien/runtime';
import { findModel, readModelFile, releasedModels } from './find-model.ts';

export interface ReleasedEntry {
  readonly name: string;
  readonly file: string;
  readonly bytes: number;
  readonly card: ModelCard;
}

/** Parameters and operations of an architecture as it was asked for. */
export interface ArchitectureEntry extends NetworkSummary {
  readonly name: string;
  readonly description: string;
  readonly classes: number;
  /** Fewest pixels in H and W. */
  readonly smallest: number;
  readonly options: OptionSpecs;
  /** Prefixes of the weights that belong to the head. */
  readonly head: readonly string[];
  /** Released models of this architecture. */
  readonly released: readonly ReleasedEntry[];
}

export interface Variant {
  readonly classes: number;
  readonly input?: readonly [number, number, number] | undefined;
  readonly options: Readonly<Record<string, OptionValue>>;
}

/** As registered: the labels of FER2013 and each architecture's own input. */
export const asRegistered: Variant = { classes: expressions.length, options: {} };

function entryOfFile(name: string, file: string): ReleasedEntry {
  return { name, file, bytes: statSync(file).size, card: readCard(readModelFile(file), file) };
}

export function releasedEntries(): ReleasedEntry[] {
  return releasedModels().map(({ name, file }) => entryOfFile(name, file));
}

/** Throws `UserError` when the architecture cannot be built so. */
export function describeArchitecture(architecture: Architecture, variant: Variant, released: readonly ReleasedEntry[]): ArchitectureEntry {
  const { name, description, options, head } = architecture;
  const input = variant.input ?? architecture.input;
  const network = architecture.build({ classes: variant.classes, channels: input[0], ...variant.options });
  return {
    name,
    description,
    ...describeNetwork(network, input),
    classes: variant.classes,
    smallest: architecture.smallest(variant.options),
    options,
    head,
    released: released.filter(({ card }) => card.architecture === name),
  };
}

export interface FoundEntries {
  readonly architecture?: Architecture;
  /** A released model, an `.onnx` file or the best model of a run. */
  readonly model?: ReleasedEntry;
}

/** What NAME stands for; a released model may be named as its architecture is. Throws `UserError` when there is neither. */
export function findEntries(name: string): FoundEntries {
  const architecture = findArchitecture(name);
  const released = releasedModels().find((model) => model.name === name);
  const file = released?.file ?? (architecture || !existsSync(name) ? undefined : findModel(name));
  if (!architecture && !file) {
    const models = releasedModels().map((model) => model.name);
    throw new UserError(
      'no-model',
      `${name}: no such architecture, released model or file; architectures are ${architectures.map((a) => a.name).join(', ')}; released: ${models.join(', ') || 'none'}`,
    );
  }
  return { ...(architecture ? { architecture } : {}), ...(file ? { model: entryOfFile(name, file) } : {}) };
}
