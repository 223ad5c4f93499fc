import { expect, test } from 'vitest';
import { frameSeconds, type Person } from '../test/simulated-faces.ts';
import { noPicture, Watcher } from '../test/watcher.ts';
import { FaceFollower } from './face-follower.ts';

async function watch(people: readonly Person[], seconds: number): Promise<{ watcher: Watcher; firstSeen: Map<number, number> }> {
  const watcher = new Watcher(people);
  const follower = new FaceFollower({ detector: watcher });
  const firstSeen = new Map<number, number>();
  for (let i = 0; i * frameSeconds < seconds; i++) {
    watcher.time = i * frameSeconds;
    for (const { id } of await follower.next(noPicture, watcher.time)) if (!firstSeen.has(id)) firstSeen.set(id, watcher.time);
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
