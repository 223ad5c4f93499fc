import { afterEach, expect, test, vi } from 'vitest';
import { PacedFilm } from './film-frames.ts';

afterEach(() => vi.unstubAllGlobals());

/** A video whose frames come when the test says so. */
class FakeVideo extends EventTarget {
  paused = true;
  ended = false;
  #onFrame: (() => void) | undefined;
  async play(): Promise<void> {
    this.paused = false;
  }
  pause(): void {
    this.paused = true;
  }
  requestVideoFrameCallback(callback: () => void): void {
    this.#onFrame = callback;
  }
  frame(): void {
    this.#onFrame?.();
  }
}

test('the film stands still at each frame until it was looked at, and while the page is hidden', async () => {
  const page = Object.assign(new EventTarget(), { hidden: false });
  vi.stubGlobal('document', page);
  const hide = (hidden: boolean): void => {
    page.hidden = hidden;
    page.dispatchEvent(new Event('visibilitychange'));
  };
  const video = new FakeVideo();
  const film = new PacedFilm(video as unknown as HTMLVideoElement);
  const running = film.run(new AbortController().signal);
  expect(video.paused).toBe(false);
  video.frame();
  expect(video.paused).toBe(true);
  film.looked();
  expect(video.paused).toBe(false);
  hide(true);
  expect(video.paused).toBe(true);
  film.looked();
  expect(video.paused).toBe(true);
  hide(false);
  expect(video.paused).toBe(false);
  video.dispatchEvent(new Event('ended'));
  await running;
  hide(false);
  expect(video.paused).toBe(true);
});
