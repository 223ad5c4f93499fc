/** From nothing to a model that reads pictures. */
import type { ModelCard } from '@mien/runtime';
import type { ListedModel, ModelList, RuntimeFiles } from '@mien/server/api';
import { fetchJson } from '../fetch-json.ts';
import type { Progress } from '../recognition/messages.ts';
import type { RecognitionClient } from '../recognition/recognition-client.ts';
import { Store } from '../store.ts';

export type ModelState =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'none' }
  /** Known, not yet asked for. */
  | { readonly kind: 'listed'; readonly model: ListedModel }
  | { readonly kind: 'loading'; readonly model: ListedModel; readonly progress: Progress }
  | { readonly kind: 'ready'; readonly model: ListedModel }
  | { readonly kind: 'failed'; readonly model?: ListedModel; readonly message: string };

/** What a page reads: single pictures, or the many of a camera or a film, for which a lighter model may be the default. */
export type Purpose = 'pictures' | 'video';

/** What the server offers. */
export interface Catalogue extends ModelList {
  readonly runtime: RuntimeFiles;
}

/** Throws `RecognitionError` `unreachable`. */
export async function fetchCatalogue(): Promise<Catalogue> {
  const [list, runtime] = await Promise.all([fetchJson<ModelList>('/api/models'), fetchJson<RuntimeFiles>('/api/runtime')]);
  return { ...list, runtime };
}

export class ModelLoader {
  readonly state = new Store<ModelState>({ kind: 'connecting' });
  readonly catalogue = new Store<Catalogue | undefined>(undefined);
  readonly #client: () => RecognitionClient;
  #listing: Promise<boolean> | undefined;
  #purpose: Purpose = 'pictures';
  /** A person chose the model in use, or made it: it stays whatever is read. */
  #chosen = false;
  /** The model that reads pictures now; undefined while another is on its way. */
  #loaded: ListedModel | undefined;
  #loads = 0;
  /** The load that is under way; a later one takes its place. */
  #loading: { readonly model: ListedModel; readonly done: Promise<boolean> } | undefined;

  /** `client` is called when a model is first loaded. */
  constructor(client: () => RecognitionClient) {
    this.#client = client;
  }

  /** What is going to be read. The model in use becomes the default one for it, unless a person has chosen. */
  readWith(purpose: Purpose): void {
    this.#purpose = purpose;
    const next = this.#default();
    if (!this.#chosen && next && modelOf(this.state.value) !== next) this.state.set({ kind: 'listed', model: next });
  }

  #default(catalogue = this.catalogue.value): ListedModel | undefined {
    const name = this.#purpose === 'video' ? catalogue?.live : catalogue?.default;
    return catalogue?.models.find((model) => model.name === name);
  }

  /** Asks the server which models there are, once, and takes the default one. Resolves to whether there is one; `state` tells the rest. */
  async list(): Promise<boolean> {
    if (this.catalogue.value) return true;
    this.#listing ??= this.#list().finally(() => {
      this.#listing = undefined;
    });
    return this.#listing;
  }

  async #list(): Promise<boolean> {
    this.state.set({ kind: 'connecting' });
    try {
      const catalogue = await fetchCatalogue();
      const model = this.#default(catalogue);
      this.state.set(model ? { kind: 'listed', model } : { kind: 'none' });
      if (model) this.catalogue.set(catalogue);
      return model !== undefined;
    } catch (error) {
      this.state.set({ kind: 'failed', message: (error as Error).message });
      return false;
    }
  }

  /** Whether a model was made in this tab and is on offer. */
  get hasOwn(): boolean {
    return this.catalogue.value?.models.some(isOwn) ?? false;
  }

  /** Whether the model with this card was put on offer by `useOwn`. */
  owns(card: ModelCard): boolean {
    return this.catalogue.value?.models.some((model) => model.card === card) ?? false;
  }

  /** Every page reads with a model that was made in this tab, until it is forgotten or the tab is closed. */
  useOwn(bytes: Uint8Array, card: ModelCard): void {
    const catalogue = this.catalogue.value;
    if (!catalogue) return;
    this.#revokeOwn();
    const url = URL.createObjectURL(new Blob([bytes as BlobPart]));
    const model: ListedModel = { name: card.name, url, bytes: bytes.length, card };
    this.catalogue.set({ ...catalogue, models: [model, ...catalogue.models.filter((each) => !isOwn(each))] });
    this.#chosen = true;
    this.state.set({ kind: 'listed', model });
  }

  /** Takes the model that was made in this tab away; where it was in use, the default one is. */
  forgetOwn(): void {
    const catalogue = this.catalogue.value;
    const current = modelOf(this.state.value);
    this.#revokeOwn();
    if (!catalogue) return;
    const models = catalogue.models.filter((model) => !isOwn(model));
    this.catalogue.set({ ...catalogue, models });
    const next = this.#default();
    if (!current || !isOwn(current) || !next) return;
    this.#chosen = false;
    this.state.set({ kind: 'listed', model: next });
  }

  #revokeOwn(): void {
    for (const model of this.catalogue.value?.models ?? []) if (isOwn(model)) URL.revokeObjectURL(model.url);
  }

  /** Loads the model in use, or the named one instead. Resolves to whether it can read pictures now; `state` tells the rest. */
  async load(name?: string): Promise<boolean> {
    if (!(await this.list())) return false;
    const { models, runtime } = this.catalogue.value!;
    const model = name === undefined ? modelOf(this.state.value)! : models.find((each) => each.name === name)!;
    if (name !== undefined) this.#chosen = true;
    if (model === this.#loaded) {
      this.state.set({ kind: 'ready', model });
      return true;
    }
    if (this.#loading?.model === model) {
      // Another was shown meanwhile.
      if (modelOf(this.state.value) !== model) this.state.set({ kind: 'loading', model, progress: { stage: 'starting' } });
    } else {
      this.#loaded = undefined;
      this.#loading = { model, done: this.#load(model, runtime) };
    }
    return this.#loading.done;
  }

  /** The worker has stopped, and the model in it is gone; `load` begins anew. */
  lost(message: string): void {
    const state = this.state.value;
    this.#loaded = undefined;
    if (state.kind === 'ready') this.state.set({ kind: 'failed', model: state.model, message });
  }

  async #load(model: ListedModel, runtime: RuntimeFiles): Promise<boolean> {
    const { url, bytes } = model;
    this.state.set({ kind: 'loading', model, progress: { stage: 'downloading', loadedBytes: 0, totalBytes: bytes } });
    // The worker keeps the model that it was asked for last, whichever is there first.
    const load = ++this.#loads;
    const isLast = (): boolean => load === this.#loads;
    const shown = (): boolean => isLast() && modelOf(this.state.value) === model;
    try {
      await this.#client().run({ kind: 'load', model: { name: model.name, url, bytes }, runtime }, (progress) => {
        if (shown()) this.state.set({ kind: 'loading', model, progress });
      });
      if (isLast()) this.#loaded = model;
      if (shown()) this.state.set({ kind: 'ready', model });
      return this.#loaded !== undefined;
    } catch (error) {
      if (shown()) this.state.set({ kind: 'failed', model, message: (error as Error).message });
      return false;
    } finally {
      if (isLast()) this.#loading = undefined;
    }
  }
}

function isOwn({ url }: ListedModel): boolean {
  return url.startsWith('blob:');
}

/** The model named by a state, once it is known. */
export function modelOf(state: ModelState): ListedModel | undefined {
  return 'model' in state ? state.model : undefined;
}
