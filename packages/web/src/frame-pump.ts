/**
 * Takes frames from a video element as fast as the worker deals with them, and no faster: one frame is under way at a time, what comes
 * meanwhile is dropped, and when the worker is free again it gets the frame that is on show then. Nothing is ever queued.
 */

import { UserError } from '@mien/runtime';

/** One frame on its way, in seconds of the source. */
export interface PumpedFrame {
  readonly frame: VideoFrame | ImageBitmap;
  readonly time: number;
  /** The first frame, or the first after a jump or a pause. */
  readonly restart: boolean;
}

/** A longer gap between two frames than this is a jump: what was known about faces no longer holds. */
const longestGapSeconds = 2;

export class FramePump {
  /** Frames shown by the video while the worker was busy. */
  dropped = 0;
  readonly #video: HTMLVideoElement;
  readonly #onFrame: (frame: PumpedFrame) => void;
  readonly #onFailure: (error: UserError) => void;
  readonly #live: boolean;
  #lastTime = Number.NEGATIVE_INFINITY;
  /** When the worker was done with the last frame, by a camera's clock. */
  #freeAt = Number.NEGATIVE_INFINITY;
  #lastShown = -1;
  #handle: number | undefined;
  #busy = false;
  /** The latest callback while the worker was busy: its frame is on show still. */
  #missed: { readonly now: number; readonly mediaTime: number } | undefined;
  #stopped = false;
  readonly #onVisibility = (): void => {
    // A hidden page shows no frames; the first one of a camera after it is a fresh start. A film stands still meanwhile, or has jumped.
    if (!document.hidden || !this.#live) return;
    this.#lastTime = Number.NEGATIVE_INFINITY;
    this.#missed = undefined;
  };

  /** `onFailure`: no frame can be taken from this video, now or later. */
  constructor(video: HTMLVideoElement, onFrame: (frame: PumpedFrame) => void, onFailure: (error: UserError) => void) {
    this.#video = video;
    this.#onFrame = onFrame;
    this.#onFailure = onFailure;
    this.#live = video.srcObject !== null;
    document.addEventListener('visibilitychange', this.#onVisibility);
    this.#wait();
  }

  /** The worker is done with the last frame. */
  done(): void {
    this.#busy = false;
    this.#freeAt = performance.now() / 1000;
    const missed = this.#missed;
    this.#missed = undefined;
    // Not the video's `currentTime`, which runs ahead of the frame on show: the next frame would seem to lie before this one.
    if (missed) this.#take(missed.now, missed.mediaTime);
  }

  stop(): void {
    this.#stopped = true;
    document.removeEventListener('visibilitychange', this.#onVisibility);
    if (this.#handle === undefined) return;
    if ('cancelVideoFrameCallback' in this.#video) this.#video.cancelVideoFrameCallback(this.#handle);
    else cancelAnimationFrame(this.#handle);
  }

  #wait(): void {
    if (this.#stopped) return;
    if ('requestVideoFrameCallback' in this.#video) {
      this.#handle = this.#video.requestVideoFrameCallback((now, { mediaTime }) => {
        this.#shown(now, mediaTime);
        this.#wait();
      });
    } else {
      // Browsers without the callback: look at every repaint whether the video has moved on.
      this.#handle = requestAnimationFrame((now) => {
        const { currentTime } = this.#video as HTMLVideoElement;
        if (currentTime !== this.#lastShown) this.#shown(now, currentTime);
        this.#lastShown = currentTime;
        this.#wait();
      });
    }
  }

  #shown(now: number, mediaTime: number): void {
    if (document.hidden) return;
    if (this.#busy) {
      if (this.#missed) this.dropped++;
      this.#missed = { now, mediaTime };
      return;
    }
    this.#take(now, mediaTime);
  }

  #take(now: number, mediaTime: number): void {
    const video = this.#video;
    if (this.#stopped || document.hidden || video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA || !video.videoWidth) return;
    // A camera's clock never jumps; a file's does when somebody seeks.
    const time = this.#live ? now / 1000 : mediaTime;
    if (time === this.#lastTime) return;
    // A slow machine looks away for as long as it works, which is no gap: nobody could have been seen meanwhile.
    const isFirst = this.#lastTime === Number.NEGATIVE_INFINITY;
    const gap = time - (this.#live ? Math.max(this.#lastTime, this.#freeAt) : this.#lastTime);
    const restart = isFirst || !(time > this.#lastTime && gap <= longestGapSeconds);
    this.#lastTime = time;
    this.#busy = true;
    if (typeof VideoFrame !== 'function') {
      createImageBitmap(video).then(
        (frame) => (this.#stopped ? frame.close() : this.#onFrame({ frame, time, restart })),
        (error: unknown) => this.#failed(error),
      );
      return;
    }
    let frame: VideoFrame;
    try {
      frame = new VideoFrame(video, { timestamp: Math.round(time * 1e6) });
    } catch (error) {
      this.#failed(error);
      return;
    }
    this.#onFrame({ frame, time, restart });
  }

  #failed(error: unknown): void {
    if ((error as Error).name === 'SecurityError') {
      const mend = 'serve it from the page’s own origin, or with CORS and the attribute crossorigin';
      this.#onFailure(new UserError('unreadable-video', `the video comes from another origin, whose pixels a page may not read; ${mend}`, { cause: error }));
      return;
    }
    // The element had no picture to give at this moment; the next one will do.
    this.done();
  }
}
