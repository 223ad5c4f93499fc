/** From nothing to a model that reads pictures. */
import type { ListedModel, ModelList, RuntimeFiles } from '@mien/server/api';
import type { Progress } from '../recognition/messages.ts';
import { RecognitionError, type RecognitionClient } from '../recognition/recognition-client.ts';
import { Store } from '../store.ts';
import { strings } from '../strings.ts';

export type ModelState =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'none' }
  | { readonly kind: 'loading'; readonly model: ListedModel; readonly progress: Progress }
  | { readonly kind: 'ready'; readonly model: ListedModel }
  | { readonly kind: 'failed'; readonly model?: ListedModel; readonly message: string };

async function fetchJson<T>(url: string): Promise<T> {
  let response: Response;
  try {
    response = await fetch(url);
  } catch {
    throw new RecognitionError('unreachable', strings.errors.unreachable);
  }
  if (!response.ok) throw new RecognitionError('unreachable', strings.errors.missing(url, response.status));
  return (await response.json()) as T;
}

export class ModelLoader {
  readonly state = new Store<ModelState>({ kind: 'connecting' });
  readonly #client: RecognitionClient;

  constructor(client: RecognitionClient) {
    this.#client = client;
  }

  /** Loads the default model. Resolves to whether there is one now; `state` tells the rest. */
  async load(): Promise<boolean> {
    this.state.set({ kind: 'connecting' });
    let model: ListedModel | undefined;
    try {
      const [list, runtime] = await Promise.all([fetchJson<ModelList>('/api/models'), fetchJson<RuntimeFiles>('/api/runtime')]);
      const chosen = list.models.find(({ name }) => name === list.default);
      model = chosen;
      if (!chosen) {
        this.state.set({ kind: 'none' });
        return false;
      }
      const { name, url, bytes } = chosen;
      this.state.set({ kind: 'loading', model: chosen, progress: { stage: 'downloading', loadedBytes: 0, totalBytes: bytes } });
      await this.#client.run({ kind: 'load', model: { name, url, bytes }, runtime }, (progress) =>
        this.state.set({ kind: 'loading', model: chosen, progress }),
      );
      this.state.set({ kind: 'ready', model: chosen });
      return true;
    } catch (error) {
      this.state.set({ kind: 'failed', ...(model ? { model } : {}), message: (error as Error).message });
      return false;
    }
  }
}

/** The model named by a state, once it is known. */
export function modelOf(state: ModelState): ListedModel | undefined {
  return 'model' in state ? state.model : undefined;
}
