/** A film read from its beginning to its end, no faster than the machine can. */
import type { Mien } from '@mien/web';
import { History } from '../live/history.ts';
import type { Look } from '../live/look.ts';
import { openWatch } from '../live/open-watch.ts';
import { RecordedSession } from '../live/recorded-session.ts';
import type { ModelLoader } from '../model/model-loader.ts';
import { Store } from '../store.ts';
import { openFilm, PacedFilm } from './film-frames.ts';

/** The page is drawn anew with each change of the state: a few times a second, not with each frame. */
const progressMs = 250;

export type FilmState =
  | { readonly kind: 'empty' }
  | { readonly kind: 'opening' }
  | {
      readonly kind: 'reading' | 'done';
      readonly video: HTMLVideoElement;
      readonly labels: readonly string[];
      readonly doneSeconds: number;
      readonly totalSeconds: number;
      /** At the present rate; undefined until there is one. */
      readonly secondsLeft?: number | undefined;
      /** Why it ended before the film did. */
      readonly problem?: string;
    }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string };

export class FilmSession {
  readonly state = new Store<FilmState>({ kind: 'empty' });
  readonly latest = new Store<Look | undefined>(undefined);
  history = new History(Number.POSITIVE_INFINITY);
  recorded = new RecordedSession({ fromStart: true });
  /** Every look so far, in order of time. */
  looks: Look[] = [];
  /** Ids of the faces in them, in order of appearance. */
  known = new Set<number>();
  readonly #loader: ModelLoader;
  #abort = new AbortController();
  #url: string | undefined;

  constructor(loader: ModelLoader) {
    this.#loader = loader;
  }

  /** Address of the film that is read or was. */
  get url(): string | undefined {
    return this.#url;
  }

  /** Reads `file`; what was read before is forgotten. Never rejects, `state` tells. */
  async read(file: Blob): Promise<void> {
    this.close();
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    this.#url = URL.createObjectURL(file);
    this.state.set({ kind: 'opening' });
    let mien: Mien | undefined;
    try {
      const video = await openFilm(this.#url);
      signal.throwIfAborted();
      mien = await openWatch(this.#loader);
      signal.throwIfAborted();
      await this.#readFrames(video, mien, signal);
    } catch (error) {
      if (signal.aborted) return;
      const code = (error as Error & { code?: string }).code ?? 'internal';
      if (code === 'internal') console.error(error);
      const { message } = error as Error;
      if (this.looks.length === 0) this.state.set({ kind: 'failed', code, message });
      // Minutes were read: they are not thrown away.
      else this.#endEarly(message);
    } finally {
      mien?.close();
    }
  }

  /** Stops reading; what was read so far can be looked at and saved. */
  stop(): void {
    this.#abort.abort();
    this.#endEarly();
  }

  #endEarly(problem?: string): void {
    const state = this.state.value;
    if (state.kind !== 'reading') return;
    // The state may lag behind by a few looks.
    const doneSeconds = this.looks.at(-1)?.frame.time ?? 0;
    this.state.set({ ...state, kind: 'done', doneSeconds, totalSeconds: Math.max(doneSeconds, 0.1), ...(problem === undefined ? {} : { problem }) });
  }

  /** Stops and forgets the film. */
  close(): void {
    this.#abort.abort();
    if (this.#url) URL.revokeObjectURL(this.#url);
    this.#url = undefined;
    this.history = new History(Number.POSITIVE_INFINITY);
    this.recorded = new RecordedSession({ fromStart: true });
    this.looks = [];
    this.known = new Set();
    this.latest.set(undefined);
    this.state.set({ kind: 'empty' });
  }

  async #readFrames(video: HTMLVideoElement, mien: Mien, signal: AbortSignal): Promise<void> {
    const { labels } = mien.card;
    const totalSeconds = video.duration;
    const began = performance.now();
    let shownAt = Number.NEGATIVE_INFINITY;
    const show = (doneSeconds: number): void => {
      const now = performance.now();
      if (now - shownAt < progressMs) return;
      shownAt = now;
      const worked = (now - began) / 1000;
      const secondsLeft = doneSeconds > 0 && worked > 1 ? (worked / doneSeconds) * (totalSeconds - doneSeconds) : undefined;
      this.state.set({ kind: 'reading', video, labels, doneSeconds, totalSeconds, secondsLeft });
    };
    show(0);
    const film = new PacedFilm(video);
    let failed = (_error: Error): void => {};
    const broken = new Promise<never>((_resolve, reject) => {
      failed = reject;
    });
    const live = mien.watch(video, {
      onFaces: (faces, frame) => {
        const look = { faces, frame };
        this.looks.push(look);
        for (const { id } of faces) this.known.add(id);
        this.history.add(look);
        this.recorded.add(look);
        this.latest.set(look);
        show(frame.time);
        film.looked();
      },
      onError: (error) => failed(error),
    });
    try {
      await Promise.race([film.run(signal), broken]);
    } finally {
      live.stop();
    }
    if (signal.aborted) return;
    this.state.set({ kind: 'done', video, labels, doneSeconds: totalSeconds, totalSeconds });
  }
}
