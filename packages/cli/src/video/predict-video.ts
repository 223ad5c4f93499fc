/** A video → its faces frame by frame, as a table, as lines of JSON and as a video with the faces marked. */
import { type LiveFace, LiveRecogniser } from '@mien/live';
import type { FaceDetector, FollowingDetector, Recogniser } from '@mien/runtime';
import { drawFaces } from './draw-faces.ts';
import { probeVideo } from './probe-video.ts';
import { readFrames, type VideoFrame } from './read-frames.ts';
import { type FrameWriter, writeFrames } from './write-frames.ts';
import { type TextWriter, writeText } from './write-text.ts';

export interface PredictVideoOptions {
  readonly file: string;
  readonly recogniser: Recogniser;
  readonly detector: FollowingDetector;
  /** Looks for new faces. */
  readonly search: FaceDetector;
  readonly threshold?: number;
  /** Where the video with marked faces goes. */
  readonly out?: string;
  /** Where the table goes. */
  readonly csv?: string;
  /** The next frame is read when this one has been taken. */
  readonly onFrame?: (frame: VideoFrame, faces: readonly LiveFace[]) => Promise<void>;
  /** Frames done, and all of them where the file says how long it is. */
  readonly onProgress?: (done: number, total: number | undefined) => void;
}

export interface VideoSummary {
  readonly frames: number;
  readonly seconds: number;
  /** For each face id: how long it was in view, and the share of that time each expression was shown. */
  readonly faces: readonly { readonly id: number; readonly seconds: number; readonly shares: Readonly<Record<string, number>> }[];
}

const px = (value: number): string => (Math.round(value * 10) / 10).toString();

/** One line of the table: time, frame, face, box, label, and a probability a label. */
function csvLine({ time, index }: VideoFrame, { id, box, expression, unsure, probabilities }: LiveFace): string {
  const { x, y, width, height } = box;
  return [
    time.toFixed(3),
    index,
    id,
    px(x),
    px(y),
    px(width),
    px(height),
    expression,
    unsure ? 1 : 0,
    ...Object.values(probabilities).map((p) => p.toFixed(4)),
  ].join(',');
}

/** Adds up how long each face showed what. */
class Tally {
  readonly #frames = new Map<number, Map<string, number>>();

  add(faces: readonly LiveFace[]): void {
    for (const { id, expression, unseenSeconds } of faces) {
      if (unseenSeconds > 0) continue;
      const shown = this.#frames.get(id) ?? new Map<string, number>();
      shown.set(expression, (shown.get(expression) ?? 0) + 1);
      this.#frames.set(id, shown);
    }
  }

  summary(framesPerSecond: number): VideoSummary['faces'] {
    return [...this.#frames].map(([id, shown]) => {
      const total = [...shown.values()].reduce((a, b) => a + b, 0);
      const shares = Object.fromEntries([...shown].sort((a, b) => b[1] - a[1]).map(([label, n]) => [label, n / total]));
      return { id, seconds: total / framesPerSecond, shares };
    });
  }
}

/** Reads the video once, from start to end, holding one frame at a time. Throws `UserError` as its parts do; then no file is left behind. */
export async function predictVideo({
  file,
  recogniser,
  detector,
  search,
  threshold,
  out,
  csv,
  onFrame,
  onProgress,
}: PredictVideoOptions): Promise<VideoSummary> {
  const video = await probeVideo(file);
  const total = video.durationSeconds === undefined ? undefined : Math.round(video.durationSeconds * video.framesPerSecond);
  const live = new LiveRecogniser({ recogniser, detector, search, ...(threshold === undefined ? {} : { threshold }) });
  const tally = new Tally();
  let frames = 0;
  let table: TextWriter | undefined;
  let film: FrameWriter | undefined;
  try {
    table = csv === undefined ? undefined : writeText(csv);
    film = out === undefined ? undefined : writeFrames(out, video);
    await table?.write(`${['time_s', 'frame', 'face', 'x', 'y', 'width', 'height', 'expression', 'unsure', ...recogniser.card.labels].join(',')}\n`);
    for await (const frame of readFrames(video)) {
      const faces = await live.next(frame.image, frame.time);
      tally.add(faces);
      const seen = faces.filter(({ unseenSeconds }) => unseenSeconds === 0);
      await table?.write(seen.map((face) => `${csvLine(frame, face)}\n`).join(''));
      await onFrame?.(frame, seen);
      if (film) {
        drawFaces(frame.image, seen);
        await film.write(frame.image.data);
      }
      frames++;
      onProgress?.(frames, total);
    }
    await film?.finish();
    await table?.finish();
  } catch (error) {
    await film?.discard();
    await table?.discard();
    throw error;
  }
  return { frames, seconds: frames / video.framesPerSecond, faces: tally.summary(video.framesPerSecond) };
}
