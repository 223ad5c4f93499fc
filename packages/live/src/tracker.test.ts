import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { frameSeconds, look, noiseFrom, type Person } from '../test/simulated-faces.ts';
import { Tracker } from './tracker.ts';

/** Runs people past a tracker; for each frame the ids by person, of those that are seen. */
function follow(people: readonly Person[], seconds: number, tremble?: (i: number) => number): Map<number, number>[] {
  const tracker = new Tracker();
  const frames: Map<number, number>[] = [];
  for (let time = 0; time <= seconds; time += frameSeconds) {
    const seen = look(people, time, tremble);
    const tracks = tracker.update(seen, time);
    frames.push(new Map(tracks.filter(({ sighting }) => sighting >= 0).map(({ id, sighting }) => [seen[sighting]!.person, id])));
  }
  return frames;
}

const idsOf = (frames: readonly Map<number, number>[], person: number): Set<number> =>
  new Set(frames.flatMap((ids) => (ids.has(person) ? [ids.get(person)!] : [])));

test('a face gets its id on the second sighting and keeps it', () => {
  const tracker = new Tracker();
  const box = { x: 10, y: 10, width: 50, height: 50 };
  expect(tracker.update([{ box, score: 0.8 }], 0)).toEqual([]);
  const [track] = tracker.update([{ box, score: 0.9 }], 0.04);
  expect(track).toMatchObject({ id: 1, box, score: 0.9, unseenSeconds: 0, sighting: 0 });
  expect(track!.ageSeconds).toBeCloseTo(0.04, 9);
});

test('on a machine that is slower than the wait for hidden faces a face keeps its id all the same', () => {
  const tracker = new Tracker();
  const box = { x: 10, y: 10, width: 50, height: 50 };
  const ids = [0, 1.5, 3, 4.5, 6].map((time) => tracker.update([{ box, score: 0.9 }], time).map(({ id }) => id));
  expect(ids).toEqual([[], [1], [1], [1], [1]]);
  expect(tracker.update([], 7.5)).toMatchObject([{ id: 1, unseenSeconds: 1.5 }]);
  expect(tracker.update([], 9)).toEqual([]);
});

test('a box that flashes up once is no face', () => {
  const tracker = new Tracker();
  tracker.update([{ box: { x: 0, y: 0, width: 40, height: 40 }, score: 0.6 }], 0);
  for (let i = 1; i < 60; i++) expect(tracker.update([], i * frameSeconds)).toEqual([]);
});

test('two people who cross, one hidden by the other on the way, keep their ids', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0.7, max: 3, noNaN: true }), // sides a second
      fc.double({ min: 0.7, max: 3, noNaN: true }),
      fc.double({ min: -0.25, max: 0.25, noNaN: true }), // how far the second walks above or below
      fc.double({ min: 0.8, max: 1.25, noNaN: true }),
      fc.integer(),
      (speedA, speedB, lower, size, seed) => {
        const noise = noiseFrom(seed);
        const side = 100;
        const meet = 1.5;
        const people: Person[] = [
          { side, at: (t) => [400 + speedA * side * (t - meet), 300] },
          { side: side * size, at: (t) => [400 - speedB * side * (t - meet), 300 + lower * side] },
        ];
        const frames = follow(people, 3, () => 0.02 * noise());
        expect(idsOf(frames, 0).size).toBe(1);
        expect(idsOf(frames, 1).size).toBe(1);
        expect([...idsOf(frames, 0)]).not.toEqual([...idsOf(frames, 1)]);
      },
    ),
    { numRuns: 150 },
  );
});

describe('a face hidden', () => {
  const gone = (from: number, to: number): Person[] => [{ side: 80, at: (t) => (t >= from && t < to ? undefined : [200 + 30 * t, 200]) }];

  test('for less than a second is the same person, and stays in the list meanwhile', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.04, max: 0.9, noNaN: true }), (seconds) => {
        expect(idsOf(follow(gone(1, 1 + seconds), 3), 0).size).toBe(1);
      }),
      { numRuns: 40 },
    );
    const tracker = new Tracker();
    for (let i = 0; i < 10; i++) tracker.update(look(gone(9, 9), i * frameSeconds), i * frameSeconds);
    const [hidden] = tracker.update([], 10 * frameSeconds);
    expect(hidden).toMatchObject({ id: 1, sighting: -1 });
    expect(hidden!.unseenSeconds).toBeCloseTo(frameSeconds, 9);
    expect(hidden!.box.x).toBeGreaterThan(200 + 30 * 9 * frameSeconds - 40);
  });

  test('for longer is forgotten, and its id is not given again', () => {
    expect(idsOf(follow(gone(1, 2.5), 4), 0)).toEqual(new Set([1, 2]));
  });
});

test('when one of several people leaves, the others keep their ids', () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 6 }), fc.nat(), fc.integer(), (count, pick, seed) => {
      const noise = noiseFrom(seed);
      const leaver = pick % count;
      const people: Person[] = Array.from({ length: count }, (_, i) => ({
        side: 60,
        at: (t) => (i === leaver && t > 1 ? undefined : [100 + 110 * i + 10 * Math.sin(3 * t + i), 200]),
      }));
      const frames = follow(people, 3, () => 0.03 * noise());
      for (let i = 0; i < count; i++) expect(idsOf(frames, i).size).toBe(1);
      expect(new Set(Array.from({ length: count }, (_, i) => [...idsOf(frames, i)][0])).size).toBe(count);
      expect(frames.at(-1)!.size).toBe(count - 1);
    }),
    { numRuns: 60 },
  );
});

test('a face far away or of quite another size is somebody else', () => {
  const tracker = new Tracker({ confirmSightings: 1 });
  const [first] = tracker.update([{ box: { x: 0, y: 0, width: 50, height: 50 }, score: 0.9 }], 0);
  const far = tracker.update([{ box: { x: 300, y: 0, width: 50, height: 50 }, score: 0.9 }], 0.04);
  expect(far.map(({ id }) => id)).toEqual([first!.id, 2]);
  const large = tracker.update([{ box: { x: 250, y: -50, width: 150, height: 150 }, score: 0.9 }], 0.08);
  expect(large.filter(({ sighting }) => sighting === 0).map(({ id }) => id)).toEqual([3]);
});

test('time that runs backwards is refused', () => {
  const tracker = new Tracker();
  tracker.update([], 2);
  expect(() => tracker.update([], 1)).toThrow(RangeError);
});
