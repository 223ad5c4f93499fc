/** Which models the studio offers. */
import { readFile } from 'node:fs/promises';
import { readCard, UserError } from '@mien/runtime';
import type { ListedModel, ModelList } from './api.ts';

export interface StudioModel {
  /** The name in the list and in the address: letters, digits, `.`, `_` and `-`. */
  readonly name: string;
  readonly file: string;
}

/** Names of the models that are in use until a person chooses one. */
export interface ModelDefaults {
  /** Default: the first. */
  readonly defaultModel?: string | undefined;
  /** For cameras and films. Default: `defaultModel`. */
  readonly liveModel?: string | undefined;
}

/**
 * Reads each model's card. Throws `UserError`: `bad-model-name`, `not-found`, `no-model` for a default that is not
 * listed, and those of `readCard`.
 */
export async function listModels(models: readonly StudioModel[], { defaultModel, liveModel }: ModelDefaults): Promise<ModelList> {
  const listed: ListedModel[] = [];
  for (const { name, file } of models) {
    if (!/^\w[\w.-]*$/.test(name)) throw new UserError('bad-model-name', `model name "${name}": expected letters, digits, ".", "_" and "-"; rename the file`);
    if (listed.some((model) => model.name === name)) throw new UserError('bad-model-name', `model name "${name}": given twice; rename one`);
    let bytes: Uint8Array;
    try {
      bytes = new Uint8Array(await readFile(file));
    } catch (cause) {
      throw new UserError('not-found', `model ${name}: ${file} cannot be read (${(cause as NodeJS.ErrnoException).code}); check the path`, { cause });
    }
    listed.push({ name, url: modelUrl(name), bytes: bytes.length, card: readCard(bytes, file) });
  }
  if (listed.length === 0) return { default: null, live: null, models: [] };
  for (const asked of [defaultModel, liveModel]) {
    if (asked !== undefined && !listed.some(({ name }) => name === asked))
      throw new UserError('no-model', `there is no model ${asked}; there is ${listed.map(({ name }) => name).join(', ')}`);
  }
  const first = defaultModel ?? listed[0]!.name;
  return { default: first, live: liveModel ?? first, models: listed };
}

export function modelUrl(name: string): string {
  return `/models/${name}.onnx`;
}
