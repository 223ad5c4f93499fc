/** A camera or video being watched. */
import type { SmoothingOptions } from '@mien/live';
import { UserError } from '@mien/runtime';
import { FramePump } from './frame-pump.ts';
import type { FromWorker, MienFace } from './messages.ts';
import type { WorkerClient } from './worker-client.ts';

/** The frame a list of faces belongs to. */
export interface WatchedFrame {
  /** Seconds: of the video file, or of the page's clock for a camera. */
  readonly time: number;
  readonly width: number;
  readonly height: number;
  /** Time the worker took. */
  readonly workMs: number;
  /** Time from the frame being taken to its faces being known. */
  readonly latencyMs: number;
}

export interface WatchOptions {
  /** Called for every frame that was looked at, in order; an empty list when nobody is there. */
  readonly onFaces: (faces: readonly MienFace[], frame: WatchedFrame) => void;
  /**
   * Something broke: `camera-lost` when the camera was unplugged or taken away, `unreadable-video` when the video cannot be played or comes
   * from elsewhere, `worker-crashed`, `webgpu-lost` where WebGPU was asked for by name, `closed` when `Mien` was, `internal` for a fault of
   * Mien's own. The watch is over then. Without it errors go to the console.
   */
  readonly onError?: (error: UserError) => void;
  /** Also give class-activation and attention maps with each face. Default false. */
  readonly maps?: boolean;
  /** How much probabilities and labels are smoothed over time; the defaults are those `mien bench flicker` measures. */
  readonly smoothing?: SmoothingOptions;
}

export interface LiveStats {
  readonly frames: number;
  /** Frames the video showed that were not looked at, because the worker was busy. */
  readonly dropped: number;
  /** Over the last second. */
  readonly framesPerSecond: number;
  /** Of the last frame. */
  readonly latencyMs: number;
}

export interface CollectOptions {
  readonly seconds?: number;
  /** A face's id; default: the face that is the largest in most frames. */
  readonly face?: number;
  /** Frames' time gathered so far and to gather, in seconds. */
  readonly onProgress?: (doneSeconds: number, totalSeconds: number) => void;
}

export class Live {
  #client: WorkerClient;
  readonly #stream: number;
  readonly #options: WatchOptions;
  readonly #pump: FramePump;
  #takenAt: number[] = [];
  readonly #finished: number[] = [];
  readonly #release: () => void;
  /** The highest id so far: ids are never used again, whatever worker gives them. */
  #lastId = 0;
  #frames = 0;
  #latencyMs = 0;
  #stopped = false;

  /** Use `Mien.watch`. */
  constructor(client: WorkerClient, stream: number, video: HTMLVideoElement, options: WatchOptions, release: () => void) {
    this.#client = client;
    this.#stream = stream;
    this.#options = options;
    this.#pump = new FramePump(
      video,
      ({ frame, time, restart }) => {
        this.#takenAt.push(performance.now());
        this.#client.sendFrame(stream, frame, time, restart);
      },
      (error) => this.#fail(error),
    );
    const lost = (): void => this.#fail(new UserError('camera-lost', 'the camera was unplugged or taken away; plug it in and start again'));
    const broken = (): void => this.#fail(unplayable(video));
    const tracks = video.srcObject instanceof MediaStream ? video.srcObject.getVideoTracks() : [];
    for (const track of tracks) track.addEventListener('ended', lost);
    video.addEventListener('error', broken);
    this.#release = () => {
      for (const track of tracks) track.removeEventListener('ended', lost);
      video.removeEventListener('error', broken);
      release();
    };
    this.#attach();
    // What is over already is told as well, once the caller has the watch in hand.
    if (tracks.length > 0 && tracks.every(({ readyState }) => readyState === 'ended')) queueMicrotask(lost);
    if (video.error) queueMicrotask(broken);
  }

  /** Goes on with another worker, as if the video had just begun; used by `Mien` when it has to change the device. */
  moveTo(client: WorkerClient): void {
    if (this.#stopped) return;
    this.#client.unlisten(this.#stream);
    this.#client = client;
    this.#takenAt = [];
    this.#attach();
    // The frame that was under way is lost.
    this.#pump.done();
  }

  get stats(): LiveStats {
    const since = performance.now() - 1000;
    while (this.#finished.length > 0 && this.#finished[0]! < since) this.#finished.shift();
    return { frames: this.#frames, dropped: this.#pump.dropped, framesPerSecond: this.#finished.length, latencyMs: this.#latencyMs };
  }

  /** Stops looking; the camera itself stays as it is, the page opened it and closes it. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#pump.stop();
    this.#client.unlisten(this.#stream);
    this.#release();
  }

  /**
   * Corrects the resting-face bias of one face: show a neutral face meanwhile. Default 5 s, of time in which the face is seen; a video that is
   * paused is waited for. A person who comes back alone after being out of view keeps the correction. Rejects with `UserError`
   * `too-few-frames`, `no-neutral`, `face-gone` when the face left and several came, or `closed` when the watch is stopped meanwhile.
   */
  async correctNeutral({ seconds = 5, face, onProgress }: CollectOptions = {}): Promise<{ readonly frames: number; readonly offset: Float64Array }> {
    return this.#client.run({ kind: 'neutral', stream: this.#stream, seconds, face, label: '' }, onProgress ? { onProgress } : {});
  }

  /** Takes every correction of this watch back. */
  async forgetNeutral(): Promise<void> {
    await this.#client.run({ kind: 'forget-neutral', stream: this.#stream });
  }

  /**
   * Records one face while it shows `label`, for `Mien.trainPersonal`. Default 4 s. Only numbers are kept, no pictures, and only in the worker's
   * memory. Rejects with `UserError` `no-head`, or `closed` when the watch is stopped or the model changed meanwhile; nothing is kept then.
   */
  async record(label: string, { seconds = 4, face, onProgress }: CollectOptions = {}): Promise<{ readonly frames: number }> {
    return this.#client.run({ kind: 'record', stream: this.#stream, seconds, face, label }, onProgress ? { onProgress } : {});
  }

  #attach(): void {
    const { smoothing, maps = false } = this.#options;
    this.#client.listen(this.#stream, { faces: (message) => this.#hear(message), failed: (error) => this.#fail(error as UserError) });
    this.#client.run({ kind: 'watch', stream: this.#stream, smoothing, maps, lastId: this.#lastId }).catch(() => {
      // The worker is gone, which the watch hears as well.
    });
  }

  #hear({ faces, time, width, height, workMs }: Extract<FromWorker, { kind: 'faces' }>): void {
    if (this.#stopped) return;
    const now = performance.now();
    this.#latencyMs = now - (this.#takenAt.shift() ?? now);
    this.#frames++;
    this.#finished.push(now);
    if (this.#finished.length > 1000) this.#finished.splice(0, 500);
    for (const { id } of faces) this.#lastId = Math.max(this.#lastId, id);
    // First the next frame is on its way, then the page may take its time.
    this.#pump.done();
    this.#options.onFaces(faces, { time, width, height, workMs, latencyMs: this.#latencyMs });
  }

  #fail(error: UserError): void {
    if (this.#stopped) return;
    this.stop();
    if (this.#options.onError) this.#options.onError(error);
    else console.error(error);
  }
}

/** Why a video element cannot go on. */
function unplayable({ error }: HTMLVideoElement): UserError {
  return new UserError(
    'unreadable-video',
    `the video cannot be played (${error?.message || 'no reason given'}); use a film this browser can play, MP4 with H.264 for instance`,
  );
}
