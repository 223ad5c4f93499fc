/** Opening a film and going through its frames. */
import { UserError } from '@mien/web';
import { strings } from '../strings.ts';

/** Not every frame is looked at: after this long without an answer the film goes on. */
const longestLookMs = 2000;

function event(video: HTMLVideoElement, name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const refuse = (): void => reject(new UserError('unreadable-film', strings.video.unreadable));
    video.addEventListener('error', refuse, { once: true });
    video.addEventListener(
      name,
      () => {
        video.removeEventListener('error', refuse);
        resolve();
      },
      { once: true },
    );
  });
}

/** A video element with a known duration, standing at the beginning. Throws `UserError` `unreadable-film`. */
export async function openFilm(url: string): Promise<HTMLVideoElement> {
  const video = document.createElement('video');
  video.muted = true;
  video.playsInline = true;
  video.preload = 'auto';
  const ready = event(video, 'loadeddata');
  video.src = url;
  await ready;
  if (!video.videoWidth) throw new UserError('unreadable-film', strings.video.unreadable);
  if (!Number.isFinite(video.duration)) {
    // Films recorded in a browser do not say how long they are until somebody has been at their end.
    const known = event(video, 'durationchange');
    video.currentTime = Number.MAX_SAFE_INTEGER;
    await known;
    const back = event(video, 'seeked');
    video.currentTime = 0;
    await back;
  }
  return video;
}

/** Plays a film to its end, standing still at each frame until it has been looked at. */
export class PacedFilm {
  readonly #video: HTMLVideoElement;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #over = false;

  constructor(video: HTMLVideoElement) {
    this.#video = video;
  }

  /** Resolves at the end of the film, or when `signal` says so. Throws `UserError` `unreadable-film`. */
  async run(signal: AbortSignal): Promise<void> {
    const video = this.#video;
    const follow = (): void => {
      if (this.#over) return;
      video.pause();
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#goOn(), longestLookMs);
      video.requestVideoFrameCallback(follow);
    };
    video.requestVideoFrameCallback(follow);
    // A hidden page shows no frames: the film would go on without being looked at.
    const wait = (): void => {
      if (document.hidden) video.pause();
      else this.#goOn();
    };
    document.addEventListener('visibilitychange', wait);
    const ended = event(video, 'ended');
    const stopped = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    this.#goOn();
    try {
      await Promise.race([ended, stopped]);
    } finally {
      this.#over = true;
      clearTimeout(this.#timer);
      document.removeEventListener('visibilitychange', wait);
      video.pause();
    }
  }

  /** The frame on show has been looked at. */
  looked(): void {
    this.#goOn();
  }

  #goOn(): void {
    clearTimeout(this.#timer);
    // Refused when it is paused again at once, which the next frame mends.
    if (!this.#over && !document.hidden && !this.#video.ended) this.#video.play().catch(() => {});
  }
}
