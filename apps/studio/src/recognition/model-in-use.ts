/** Which model reads pictures: the one asked for last, from when it is open; the one before it is released when nothing is read with it. */
import type { Recogniser } from '@mien/runtime';

export interface OpenedModel {
  readonly name: string;
  readonly recogniser: Recogniser;
}

interface Held {
  readonly model: OpenedModel;
  /** Pictures under way with it. */
  readers: number;
}

export class ModelInUse {
  #loads = 0;
  #held: Held | undefined;

  /**
   * Opens a model, which reads pictures from then on unless another was asked for meanwhile, whichever of them is open first.
   * `open` may give nothing once `wanted` says no.
   */
  async load(name: string, open: (wanted: () => boolean) => Promise<Recogniser | undefined>): Promise<void> {
    const load = ++this.#loads;
    const wanted = (): boolean => load === this.#loads;
    const recogniser = await open(wanted);
    if (!recogniser) return;
    if (!wanted()) {
      await recogniser.release();
      return;
    }
    const before = this.#held;
    this.#held = { model: { name, recogniser }, readers: 0 };
    if (before) await this.#releaseUnused(before);
  }

  /** Reads with the model that is in use now; it stays open until `work` is done. */
  async read<T>(work: (model: OpenedModel) => Promise<T>): Promise<T> {
    const held = this.#held;
    if (!held) throw new Error('a picture came before the model');
    held.readers++;
    try {
      return await work(held.model);
    } finally {
      held.readers--;
      await this.#releaseUnused(held);
    }
  }

  async #releaseUnused(held: Held): Promise<void> {
    if (held !== this.#held && held.readers === 0) await held.model.recogniser.release();
  }
}
