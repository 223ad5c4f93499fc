/** A detector that sees simulated people. */
import type { Box, Detection, FollowingDetector, Image } from '@mien/runtime';
import { look, type Person } from './simulated-faces.ts';

/** Nobody looks at it: what is seen is known from the time. */
export const noPicture: Image = { width: 1, height: 1, channels: 1, data: new Uint8Array(1) };

/** Sees `people` as they stand at the time of the frame, and counts how often it was asked for what. */
export class Watcher implements FollowingDetector {
  readonly name = 'watcher';
  readonly defaultThreshold = 0.5;
  time = 0;
  searches = 0;
  follows = 0;
  readonly #people: readonly Person[];

  constructor(people: readonly Person[]) {
    this.#people = people;
  }

  async detect(): Promise<Detection[]> {
    this.searches++;
    return look(this.#people, this.time);
  }

  async follow(_image: Image, boxes: readonly Box[]): Promise<(Detection | undefined)[]> {
    this.follows++;
    return boxes.map((expected) => {
      const box = this.#boxes().find(({ x, y }) => Math.hypot(x - expected.x, y - expected.y) < 0.6 * expected.width);
      return box && { box, score: 0.9 };
    });
  }

  async release(): Promise<void> {}

  #boxes(): Box[] {
    return look(this.#people, this.time).map(({ box }) => box);
  }
}
