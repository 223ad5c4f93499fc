import { type Box, expressions, type Image, type ModelCard, type Recogniser, type Recognition, softmax } from '@mien/runtime';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { frameSeconds, type Person } from '../test/simulated-faces.ts';
import { noPicture, Watcher } from '../test/watcher.ts';
import { type LiveFace, LiveRecogniser } from './live-recogniser.ts';

const K = expressions.length;
const peak = (k: number): Float32Array => Float32Array.from({ length: K }, (_, i) => (i === k ? 4 : 0));

/** Gives each face the logits that `of` says for its box. */
class Scripted implements Recogniser {
  readonly card = { labels: [...expressions], output: { name: 'logits', temperature: 1 } } as unknown as ModelCard;
  asked: number[] = [];
  readonly #of: (box: Box) => Float32Array;

  constructor(of: (box: Box) => Float32Array) {
    this.#of = of;
  }

  async recognise(_image: Image, faces: readonly Box[] | 'whole'): Promise<Recognition[]> {
    const boxes = faces === 'whole' ? [] : faces;
    this.asked.push(boxes.length);
    return boxes.map((box) => ({ expression: '', probabilities: {}, logits: this.#of(box) }));
  }

  async release(): Promise<void> {}
}

async function play(people: readonly Person[], seconds: number, recogniser: Recogniser): Promise<{ time: number; faces: LiveFace[] }[]> {
  const detector = new Watcher(people);
  const live = new LiveRecogniser({ recogniser, detector });
  const frames: { time: number; faces: LiveFace[] }[] = [];
  for (let i = 0; i * frameSeconds < seconds; i++) {
    detector.time = i * frameSeconds;
    frames.push({ time: detector.time, faces: await live.next(noPicture, detector.time) });
  }
  return frames;
}

test('two people who cross keep their ids and their own expressions', async () => {
  await fc.assert(
    fc.asyncProperty(fc.double({ min: 0.8, max: 2.5, noNaN: true }), fc.double({ min: 0.8, max: 2.5, noNaN: true }), async (speedA, speedB) => {
      const side = 100;
      const [small, large] = [side, 1.2 * side];
      const people: Person[] = [
        { side: small, at: (t) => [500 + speedA * side * (t - 1.5), 300] },
        { side: large, at: (t) => [500 - speedB * side * (t - 1.5), 300] },
      ];
      // Told apart by their size, whatever the tracker makes of them.
      const recogniser = new Scripted((box) => peak(box.width < (small + large) / 2 ? 1 : 3));
      const shown = new Map<number, Set<string>>();
      const frames = await play(people, 3, recogniser);
      for (const { id, expression } of frames.flatMap(({ faces }) => faces)) shown.set(id, (shown.get(id) ?? new Set()).add(expression));
      expect([...shown.keys()].sort()).toEqual([1, 2]);
      expect([...shown.values()].map((labels) => [...labels])).toEqual(expect.arrayContaining([[expressions[1]], [expressions[3]]]));
    }),
    { numRuns: 40 },
  );
});

test('while hidden a face keeps what was known; gone for longer it begins anew, with nothing of before in it', async () => {
  let k = 1;
  const person: Person = { side: 80, at: (t) => ((t >= 1 && t < 1.6) || (t >= 3 && t < 5) ? undefined : [200, 200]) };
  const recogniser = new Scripted(() => peak(k));
  const detector = new Watcher([person]);
  const live = new LiveRecogniser({ recogniser, detector });
  const at = new Map<number, LiveFace[]>();
  for (let i = 0; i * frameSeconds < 6; i++) {
    detector.time = i * frameSeconds;
    if (detector.time > 4) k = 5;
    at.set(i, await live.next(noPicture, detector.time));
    if (detector.time < 3) live.offsets.set(1, new Float64Array(K));
  }
  const frame = (seconds: number): LiveFace[] => at.get(Math.round(seconds / frameSeconds))!;
  expect(frame(1.4)).toMatchObject([{ id: 1, expression: expressions[1], frame: undefined }]);
  expect(frame(1.4)[0]!.unseenSeconds).toBeGreaterThan(0.3);
  expect(frame(2)).toMatchObject([{ id: 1, unseenSeconds: 0 }]);
  expect(frame(4.5)).toEqual([]);
  const back = frame(5 + frameSeconds)[0]!;
  expect(back).toMatchObject({ id: 2, expression: expressions[5] });
  expect(Object.values(back.probabilities)).toEqual([...softmax(peak(5))].map((p) => expect.closeTo(p, 6)));
  // The correction went with the person it was made for.
  expect(live.offsets.size).toBe(0);
});

test('of many faces four a frame are recognised, those first who have waited longest', async () => {
  const people = Array.from({ length: 7 }, (_, i): Person => ({ side: 60, at: () => [100 + 120 * i, 200] }));
  const recogniser = new Scripted(() => peak(0));
  const frames = await play(people, 2, recogniser);
  expect(Math.max(...recogniser.asked)).toBe(4);
  const lastSeen = new Map<number, number>();
  for (const { time, faces } of frames) {
    for (const { id, frame } of faces) {
      if (frame) lastSeen.set(id, time);
      else expect(time - lastSeen.get(id)!).toBeLessThan(1.5 * frameSeconds);
    }
  }
  expect(lastSeen.size).toBe(7);
});
