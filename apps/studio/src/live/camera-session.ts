/** From a person's yes to faces, and back to a camera that is off. */
import { type Live, type Mien, openCamera } from '@mien/web';
import type { ModelLoader } from '../model/model-loader.ts';
import { Store } from '../store.ts';
import type { Look } from './look.ts';
import { openWatch } from './open-watch.ts';

export type CameraState =
  | { readonly kind: 'asking' }
  | { readonly kind: 'starting' }
  | {
      readonly kind: 'running';
      readonly video: HTMLVideoElement;
      /** The model in use; recordings are made with it. */
      readonly mien: Mien;
      /** What looks at the camera now: the model in use, or the one that is being tried. */
      readonly live: Live;
      readonly labels: readonly string[];
      readonly trying: boolean;
    }
  /** `code` as in `@mien/web`; its words for the screen are in `strings.ts`. */
  | { readonly kind: 'failed'; readonly code: string; readonly message: string };

export class CameraSession {
  readonly state = new Store<CameraState>({ kind: 'asking' });
  readonly latest = new Store<Look | undefined>(undefined);
  readonly #loader: ModelLoader;
  #mien: Mien | undefined;
  #camera: MediaStream | undefined;
  #live: Live | undefined;
  #tried: Mien | undefined;
  #starts = 0;
  #tries = 0;

  constructor(loader: ModelLoader) {
    this.#loader = loader;
  }

  /** Opens the model and the camera. Call it when the person has agreed; never rejects, `state` tells. */
  async start(): Promise<void> {
    this.#end();
    const start = ++this.#starts;
    const wanted = (): boolean => start === this.#starts;
    this.state.set({ kind: 'starting' });
    const opening = openWatch(this.#loader);
    const asking = openCamera();
    try {
      const [mien, camera] = await Promise.all([opening, asking]);
      if (!wanted()) throw new Error('stopped');
      this.#mien = mien;
      this.#camera = camera;
      const video = document.createElement('video');
      video.muted = true;
      video.playsInline = true;
      video.srcObject = camera;
      await video.play();
      if (!wanted()) return;
      this.#watch(mien, video);
    } catch (error) {
      // What did open, or opens later, must not stay behind.
      opening.then((mien) => mien.close()).catch(() => {});
      asking.then((camera) => stopTracks(camera)).catch(() => {});
      if (wanted()) this.#fail(error as Error);
    }
  }

  /** Turns the camera off. */
  stop(): void {
    this.#starts++;
    this.#end();
    this.state.set({ kind: 'asking' });
  }

  /**
   * Has another model look at the camera; without one, the model in use again, which keeps its recordings meanwhile. A model that cannot be
   * opened changes nothing. Whatever was asked for last counts.
   */
  async tryModel(bytes?: Uint8Array): Promise<void> {
    const running = this.state.value;
    if (running.kind !== 'running') return;
    const [start, tried] = [this.#starts, ++this.#tries];
    const next = bytes ? await openWatch(this.#loader, bytes) : undefined;
    if (start !== this.#starts || tried !== this.#tries) {
      next?.close();
      return;
    }
    this.#live?.stop();
    this.#tried?.close();
    this.#tried = next;
    this.latest.set(undefined);
    this.#watch(running.mien, running.video);
  }

  #watch(mien: Mien, video: HTMLVideoElement): void {
    const looking = this.#tried ?? mien;
    const live = looking.watch(video, {
      maps: true,
      onFaces: (faces, frame) => this.latest.set({ faces, frame }),
      onError: (error) => this.#fail(error),
    });
    this.#live = live;
    this.state.set({ kind: 'running', video, mien, live, labels: looking.card.labels, trying: looking !== mien });
  }

  #fail(error: Error): void {
    this.#starts++;
    this.#end();
    const code = (error as Error & { code?: string }).code ?? 'internal';
    if (code === 'internal') console.error(error);
    this.state.set({ kind: 'failed', code, message: error.message });
  }

  #end(): void {
    this.#live?.stop();
    this.#mien?.close();
    this.#tried?.close();
    if (this.#camera) stopTracks(this.#camera);
    this.#live = undefined;
    this.#mien = undefined;
    this.#tried = undefined;
    this.#camera = undefined;
    this.latest.set(undefined);
  }
}

function stopTracks(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}
