/** Recordings of one person and the model learnt from them. Everything lies in this tab's memory. */
import type { Live, Mien, PersonalResult } from '@mien/web';
import { Store } from '../store.ts';

/** Time to put on the face that was asked for. */
const readySeconds = 2;
const recordSeconds = 4;

export interface PersonalClass {
  readonly label: string;
  /** Recorded so far. */
  readonly frames: number;
}

export type PersonalWork =
  | { readonly kind: 'idle' }
  /** `done` of `total` seconds. */
  | { readonly kind: 'ready' | 'recording'; readonly label: string; readonly done: number; readonly total: number }
  /** `opening`: the model that was learnt, to be tried. */
  | { readonly kind: 'training' | 'opening' };

export interface PersonalState {
  readonly classes: readonly PersonalClass[];
  readonly work: PersonalWork;
  readonly result?: PersonalResult | undefined;
  /** `code` as in `@mien/web`. */
  readonly problem?: { readonly code: string; readonly message: string } | undefined;
}

export class PersonalSession {
  readonly state: Store<PersonalState>;
  readonly #mien: Mien;
  #timer: ReturnType<typeof setInterval> | undefined;
  #closed = false;

  /** `mien` keeps the recordings and learns from them. */
  constructor(mien: Mien) {
    this.#mien = mien;
    this.state = new Store<PersonalState>({ classes: [], work: { kind: 'idle' } });
  }

  /** A class to record; one that is there already stays as it is. */
  add(label: string): void {
    const { classes } = this.state.value;
    if (!classes.some((each) => each.label === label)) this.#set({ classes: [...classes, { label, frames: 0 }] });
  }

  /** Takes a class away again, and what was recorded for it. A model learnt with it stays until it is trained again. Never rejects. */
  async remove(label: string): Promise<void> {
    await this.#run(async () => {
      await this.#mien.forgetRecordings(label);
      this.#set({ classes: this.state.value.classes.filter((each) => each.label !== label) });
    });
  }

  /** A moment to get ready, then `label` is recorded while `live` looks. Never rejects. */
  async record(live: Live, label: string): Promise<void> {
    await this.#run(async () => {
      await this.#countDown(label);
      if (this.#closed) return;
      const recording = (done: number): void => this.#set({ work: { kind: 'recording', label, done, total: recordSeconds } });
      recording(0);
      const { frames } = await live.record(label, { seconds: recordSeconds, onProgress: recording });
      const classes = this.state.value.classes.map((each) => (each.label === label ? { label, frames: each.frames + frames } : each));
      this.#set({ classes, result: undefined, ...(frames === 0 ? { problem: { code: 'nobody', message: '' } } : {}) });
    });
  }

  /** Learns from what was recorded. Never rejects. */
  async train(name: string): Promise<void> {
    await this.#run(async () => {
      this.#set({ work: { kind: 'training' } });
      const result = await this.#mien.trainPersonal({ name });
      this.#set({ result });
    });
  }

  /** Has another model look; nothing is recorded until it does. Never rejects. */
  async switchModel(open: () => Promise<void>): Promise<void> {
    await this.#run(async () => {
      this.#set({ work: { kind: 'opening' } });
      await open();
    });
  }

  /** Forgets all recordings and the model. Never rejects. */
  async discard(): Promise<void> {
    await this.#run(async () => {
      await this.#mien.forgetRecordings();
      this.state.set({ classes: [], work: { kind: 'idle' } });
    });
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#timer);
  }

  /** One thing at a time. */
  async #run(work: () => Promise<void>): Promise<void> {
    if (this.state.value.work.kind !== 'idle') return;
    this.#set({ problem: undefined });
    try {
      await work();
    } catch (error) {
      const { code = 'internal', message } = error as Error & { code?: string };
      if (code === 'internal') console.error(error);
      this.#set({ problem: { code, message } });
    } finally {
      this.#set({ work: { kind: 'idle' } });
    }
  }

  #countDown(label: string): Promise<void> {
    const began = performance.now();
    const show = (done: number): void => this.#set({ work: { kind: 'ready', label, done, total: readySeconds } });
    show(0);
    return new Promise((resolve) => {
      this.#timer = setInterval(() => {
        const done = (performance.now() - began) / 1000;
        if (done < readySeconds) {
          show(done);
          return;
        }
        clearInterval(this.#timer);
        resolve();
      }, 100);
    });
  }

  #set(change: Partial<PersonalState>): void {
    if (!this.#closed) this.state.set({ ...this.state.value, ...change });
  }
}
