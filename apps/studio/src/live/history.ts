/** The faces of the last minute, for the timeline. */
import type { Look } from './look.ts';

export interface Moment {
  /** Seconds, on the source's clock. */
  readonly time: number;
  /** Probabilities of each face in view, by id, in the order of the labels. */
  readonly faces: ReadonlyMap<number, readonly number[]>;
}

/** Moments closer together than this are one: a minute stays a few hundred of them. */
const spacingSeconds = 0.1;

export class History {
  readonly moments: Moment[] = [];
  readonly #seconds: number;

  /** Keeps `seconds`; infinite for a film. */
  constructor(seconds: number) {
    this.#seconds = seconds;
  }

  /** A time before the last one starts afresh. */
  add({ faces, frame: { time } }: Look): void {
    const last = this.moments.at(-1);
    if (last && time < last.time) this.moments.length = 0;
    else if (last && time - last.time < spacingSeconds) return;
    const seen = faces.filter(({ unseenSeconds }) => unseenSeconds === 0);
    this.moments.push({ time, faces: new Map(seen.map(({ id, probabilities }) => [id, Object.values(probabilities)])) });
    let gone = 0;
    while (this.moments[gone]!.time < time - this.#seconds) gone++;
    this.moments.splice(0, gone);
  }
}
