/** Recognises the frames of a video with as many at once as keeps the workers busy. */
import { videoFrames } from './video-frames.ts';
import type { RecognitionPool } from './recognition-pool.ts';
import type { VideoResult } from './schema.ts';
import { ServiceError } from './service-error.ts';

export interface VideoJob {
  readonly file: Uint8Array;
  readonly container: 'mov' | 'matroska';
  readonly model: string;
  readonly threshold: number | undefined;
  readonly framesPerSecond: number;
  readonly maxFrames: number;
  readonly maxPixels: number;
  /** Frames in work at once. */
  readonly atOnce: number;
  /** A moment of `performance.now()`. */
  readonly deadline: number;
  /** Aborted when the client has gone. */
  readonly signal: AbortSignal;
}

/** Throws `ServiceError`: `unreadable-video`, `deadline-passed`, `client-gone`, and those of the pool. */
export async function recogniseVideo(pool: RecognitionPool, job: VideoJob): Promise<VideoResult> {
  const { model, threshold, framesPerSecond, maxFrames, maxPixels, deadline } = job;
  const stop = new AbortController();
  const late = setTimeout(
    () => stop.abort(new ServiceError('deadline-passed', 'the video could not be read in time; send a shorter part or fewer frames a second')),
    deadline - performance.now(),
  );
  const gone = (): void => stop.abort(new ServiceError('client-gone', 'the connection was closed before the answer was ready'));
  job.signal.addEventListener('abort', gone);
  if (job.signal.aborted) gone();
  const frames: Promise<VideoResult['frames'][number]>[] = [];
  let truncated = false;
  try {
    // One more than allowed shows whether the video goes on.
    for await (const image of videoFrames(job.file, { container: job.container, framesPerSecond, maxPixels, maxFrames: maxFrames + 1, signal: stop.signal })) {
      if (frames.length === maxFrames) {
        truncated = true;
        break;
      }
      const timeS = frames.length / framesPerSecond;
      const recognised = pool
        .run({ kind: 'recognise', model, picture: { image }, detect: 'faces', threshold, maxPixels }, { deadline, signal: stop.signal, patient: true })
        .then(({ width, height, faces }) => ({ timeS, width, height, faces: [...faces] }));
      // Heard where it is awaited; until then a failure must not count as unhandled.
      recognised.catch(() => {});
      frames.push(recognised);
      await frames.at(-job.atOnce);
    }
    stop.signal.throwIfAborted();
    return { model, framesPerSecond, truncated, frames: await Promise.all(frames) };
  } catch (error) {
    // Whatever fails once it is stopped fails because of that.
    throw stop.signal.aborted ? stop.signal.reason : error;
  } finally {
    clearTimeout(late);
    job.signal.removeEventListener('abort', gone);
    stop.abort();
  }
}
