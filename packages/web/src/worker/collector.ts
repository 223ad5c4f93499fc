/** Gathers what a model says about one face for a while. */
import type { LiveFace } from '@mien/live';
import type { Recognition } from '@mien/runtime';

export interface CollectorOptions {
  /** Of frames in which the face is seen. */
  readonly seconds: number;
  /** A face's id; undefined: the largest face of each frame. */
  readonly face: number | undefined;
  readonly onProgress: (doneSeconds: number, totalSeconds: number) => void;
  readonly onDone: (frames: readonly CollectedFrame[]) => void;
  /** No frames will come any more. */
  readonly onGivenUp: (reason: Error) => void;
}

export interface CollectedFrame {
  readonly face: number;
  readonly recognition: Recognition;
}

/** The frames of the face that was gathered most often, of equals the one seen last: of several faces of one size now this, now that one is the largest. */
export function ofOneFace(frames: readonly CollectedFrame[]): readonly CollectedFrame[] {
  const byFace = new Map<number, CollectedFrame[]>();
  for (const frame of frames) byFace.set(frame.face, [...(byFace.get(frame.face) ?? []), frame]);
  const lastSeen = (list: readonly CollectedFrame[]): number => frames.lastIndexOf(list.at(-1)!);
  return [...byFace.values()].sort((a, b) => b.length - a.length || lastSeen(b) - lastSeen(a))[0] ?? [];
}

/** A pause between two frames counts for no more than this, so that a hidden page gathers no time. */
const longestStepSeconds = 0.25;
/** Waiting without a face comes to an end after this many times the wanted seconds. */
const patience = 4;

export class Collector {
  readonly #options: CollectorOptions;
  readonly #frames: CollectedFrame[] = [];
  #last: number | undefined;
  #seen = 0;
  #waited = 0;
  #done = false;

  constructor(options: CollectorOptions) {
    this.#options = options;
  }

  get done(): boolean {
    return this.#done;
  }

  giveUp(reason: Error): void {
    if (this.#done) return;
    this.#done = true;
    this.#options.onGivenUp(reason);
  }

  add(faces: readonly LiveFace[], time: number): void {
    if (this.#done) return;
    const { seconds, face, onProgress, onDone } = this.#options;
    const step = this.#last === undefined ? 0 : Math.min(longestStepSeconds, Math.max(0, time - this.#last));
    this.#last = time;
    this.#waited += step;
    const candidates = faces.filter(({ id, frame }) => frame && (face === undefined || id === face));
    const largest = candidates.toSorted((a, b) => b.box.width * b.box.height - a.box.width * a.box.height)[0];
    if (largest?.frame) {
      this.#frames.push({ face: largest.id, recognition: largest.frame });
      this.#seen += step;
      onProgress(Math.min(this.#seen, seconds), seconds);
    }
    if (this.#seen < seconds && this.#waited < patience * seconds) return;
    this.#done = true;
    onDone(this.#frames);
  }
}
