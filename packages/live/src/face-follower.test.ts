import type { Box, Detection, FollowingDetector, Image } from '@mien/runtime';
import { expect, test } from 'vitest';
import { boxOf, frameSeconds, type Person } from '../test/simulated-faces.ts';
import { FaceFollower } from './face-follower.ts';

const image: Image = { width: 1, height: 1, channels: 1, data: new Uint8Array(1) };

/** Sees `people` as they stand at the time of the frame, and counts how often it was asked for what. */
class Watcher implements FollowingDetector {
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
    return this.#boxes().map((box) => ({ box, score: 0.9 }));
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
    return this.#people.flatMap((person) => boxOf(person, this.time) ?? []);
  }
}

async function watch(people: readonly Person[], seconds: number): Promise<{ watcher: Watcher; firstSeen: Map<number, number> }> {
  const watcher = new Watcher(people);
  const follower = new FaceFollower({ detector: watcher });
  const firstSeen = new Map<number, number>();
  for (let i = 0; i * frameSeconds < seconds; i++) {
    watcher.time = i * frameSeconds;
    for (const { id } of await follower.next(image, watcher.time)) if (!firstSeen.has(id)) firstSeen.set(id, watcher.time);
  }
  return { watcher, firstSeen };
}

const still = (x: number, from = 0, to = Number.POSITIVE_INFINITY): Person => ({ side: 60, at: (t) => (t >= from && t < to ? [x, 100] : undefined) });

test('a face in sight is followed in every frame, the whole frame searched once a second', async () => {
  const { watcher, firstSeen } = await watch([still(100)], 10);
  expect(firstSeen).toEqual(new Map([[1, frameSeconds]]));
  expect(watcher.follows).toBe(10 / frameSeconds - 1);
  expect(watcher.searches).toBe(10);
});

test('somebody who joins is known within a second and a frame', async () => {
  const { firstSeen } = await watch([still(100), still(300, 3.2)], 6);
  expect(firstSeen.get(2)).toBeGreaterThan(3.2);
  expect(firstSeen.get(2)).toBeLessThan(3.2 + 1 + 2 * frameSeconds);
});

test('while one of two faces is missing the whole frame is searched more often, and it keeps its id', async () => {
  const blink: Person = { side: 60, at: (t) => (t >= 2 && t < 2.6 ? undefined : [t < 2 ? 300 : 340, 100]) };
  const { watcher, firstSeen } = await watch([still(100), blink], 4);
  expect([...firstSeen.keys()]).toEqual([1, 2]);
  expect(watcher.searches).toBeGreaterThanOrEqual(5);
  expect(watcher.searches).toBeLessThan(9);
});

test('with nobody in sight every frame is searched', async () => {
  const { watcher } = await watch([still(100, 99)], 2);
  expect(watcher.searches).toBe(2 / frameSeconds);
});
