/** The annotated picture as a film: frames drawn on a canvas and recorded by the browser. */
import { type DrawOptions, drawLook } from './draw-look.ts';
import type { Look } from './look.ts';

// VP8 first: VP9 takes the processor that the faces are read with.
const types = ['video/webm;codecs=vp8', 'video/webm', 'video/mp4'] as const;

const lastPictureMs = 250;

/** What this browser can record; undefined when it cannot. */
export function filmType(): string | undefined {
  if (typeof MediaRecorder === 'undefined' || !('captureStream' in HTMLCanvasElement.prototype)) return undefined;
  return types.find((type) => MediaRecorder.isTypeSupported(type));
}

export class FilmRecorder {
  readonly #canvas = document.createElement('canvas');
  readonly #chunks: Blob[] = [];
  readonly #type: string;
  #recorder: MediaRecorder | undefined;

  constructor(type: string) {
    this.#type = type;
  }

  /** Adds what `picture` shows now, with the faces that were seen in it. */
  add(look: Look, picture: CanvasImageSource, options: DrawOptions): void {
    drawLook(this.#canvas, look, options, picture);
    if (this.#recorder) return;
    // Begun with the first frame: only now is the size known.
    this.#recorder = new MediaRecorder(this.#canvas.captureStream(), { mimeType: this.#type });
    this.#recorder.addEventListener('dataavailable', ({ data }) => this.#chunks.push(data));
    this.#recorder.start(1000);
  }

  /** Time that passes from now on is not in the film. */
  pause(): void {
    if (this.#recorder?.state === 'recording') this.#recorder.pause();
  }

  resume(): void {
    if (this.#recorder?.state === 'paused') this.#recorder.resume();
  }

  /** The film; undefined when nothing was recorded. */
  async finish(): Promise<Blob | undefined> {
    const recorder = this.#recorder;
    if (!recorder) return undefined;
    // The last picture stands a moment: a recorder that is stopped at once has not seen it yet.
    await new Promise((resolve) => setTimeout(resolve, lastPictureMs));
    await new Promise<void>((resolve) => {
      recorder.addEventListener('stop', () => resolve(), { once: true });
      recorder.stop();
    });
    const film = new Blob(this.#chunks, { type: this.#type });
    return film.size > 0 ? film : undefined;
  }
}

/** The usual ending of a film's file name. */
export function filmExtension(type: string): string {
  return type.startsWith('video/mp4') ? 'mp4' : 'webm';
}
