/** Opening a film and stepping through its frames. */
import { UserError } from '@mien/web';
import { strings } from '../strings.ts';

/** After this long without a new picture a seek has landed on the frame that was on show already. */
const sameFrameMs = 400;

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
  }
  return video;
}

async function untilVisible(): Promise<void> {
  // Hidden pages show no frames.
  while (document.hidden) await new Promise((resolve) => document.addEventListener('visibilitychange', resolve, { once: true }));
}

/** Seeks. Resolves, when the frame is on show, to whether it is another one than before. */
export async function showFrame(video: HTMLVideoElement, seconds: number): Promise<boolean> {
  await untilVisible();
  return new Promise((resolve) => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const handle = video.requestVideoFrameCallback(() => {
      clearTimeout(timer);
      resolve(true);
    });
    const landed = (): void => {
      timer = setTimeout(() => {
        video.cancelVideoFrameCallback(handle);
        resolve(false);
      }, sameFrameMs);
    };
    video.addEventListener('seeked', landed, { once: true });
    video.currentTime = seconds;
  });
}
