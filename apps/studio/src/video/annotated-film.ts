/** The film once more from its beginning, with the faces drawn in, as a file. */
import { type DrawOptions, noHeat } from '../live/draw-look.ts';
import { FilmRecorder, filmType } from '../live/film-recorder.ts';
import type { Look } from '../live/look.ts';
import { Store } from '../store.ts';
import { strings } from '../strings.ts';
import { openFilm } from './film-frames.ts';
import { lookAt } from './look-at.ts';

export type AnnotatedState =
  | { readonly kind: 'none' }
  | { readonly kind: 'unsupported' }
  /** `waiting`: the page is hidden, and a hidden page shows no frames to record. */
  | { readonly kind: 'making'; readonly doneSeconds: number; readonly waiting: boolean }
  | { readonly kind: 'made'; readonly film: Blob }
  | { readonly kind: 'failed'; readonly message: string };

export interface AnnotatedOptions {
  /** Address of the film. */
  readonly url: string;
  /** In order of time. */
  readonly looks: readonly Look[];
  readonly labels: readonly string[];
  /** Where what was read ends. */
  readonly totalSeconds: number;
}

/** Plays the film in a video element of its own, at its own speed: browsers record what is shown, when it is shown. */
export class AnnotatedFilm {
  readonly state = new Store<AnnotatedState>({ kind: filmType() ? 'none' : 'unsupported' });
  #abort = new AbortController();

  /** Never rejects, `state` tells. */
  async make(options: AnnotatedOptions): Promise<void> {
    this.#abort.abort();
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    this.state.set({ kind: 'making', doneSeconds: 0, waiting: document.hidden });
    try {
      const film = await this.#record(options, signal);
      if (!signal.aborted) this.state.set(film ? { kind: 'made', film } : { kind: 'failed', message: strings.video.film.empty });
    } catch (error) {
      if (!signal.aborted) this.state.set({ kind: 'failed', message: (error as Error).message });
    }
  }

  /** Stops, and forgets what was made. */
  cancel(): void {
    this.#abort.abort();
    if (this.state.value.kind !== 'unsupported') this.state.set({ kind: 'none' });
  }

  async #record({ url, looks, labels, totalSeconds }: AnnotatedOptions, signal: AbortSignal): Promise<Blob | undefined> {
    const video = await openFilm(url);
    if (signal.aborted) return undefined;
    const recorder = new FilmRecorder(filmType()!);
    const drawing: DrawOptions = { mirrored: false, heat: noHeat, labels };
    await new Promise<void>((resolve, reject) => {
      const follow = (_now: number, { mediaTime, width, height }: VideoFrameCallbackMetadata): void => {
        if (signal.aborted) return;
        const look = lookAt(looks, mediaTime);
        const frame = look?.frame ?? { time: mediaTime, width, height, workMs: 0, latencyMs: 0 };
        recorder.add({ faces: look?.faces ?? [], frame }, video, drawing);
        this.state.set({ kind: 'making', doneSeconds: mediaTime, waiting: false });
        if (mediaTime >= totalSeconds) resolve();
        else video.requestVideoFrameCallback(follow);
      };
      const turn = (): void => {
        this.state.set({ kind: 'making', doneSeconds: video.currentTime, waiting: document.hidden });
        if (document.hidden) {
          video.pause();
          recorder.pause();
        } else {
          recorder.resume();
          video.play().catch(reject);
        }
      };
      video.requestVideoFrameCallback(follow);
      video.addEventListener('ended', () => resolve(), { once: true, signal });
      video.addEventListener('error', () => reject(new Error(video.error?.message)), { once: true, signal });
      document.addEventListener('visibilitychange', turn, { signal });
      signal.addEventListener('abort', () => resolve(), { once: true });
      turn();
    }).finally(() => {
      video.pause();
      video.removeAttribute('src');
    });
    return recorder.finish();
  }
}
