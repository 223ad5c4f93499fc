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
  }
  const frame = (seconds: number): LiveFace[] => at.get(Math.round(seconds / frameSeconds))!;
  expect(frame(1.4)).toMatchObject([{ id: 1, expression: expressions[1], frame: undefined }]);
  expect(frame(1.4)[0]!.unseenSeconds).toBeGreaterThan(0.3);
  expect(frame(2)).toMatchObject([{ id: 1, unseenSeconds: 0 }]);
  expect(frame(4.5)).toEqual([]);
  const back = frame(5 + frameSeconds)[0]!;
  expect(back).toMatchObject({ id: 2, expression: expressions[5] });
  expect(Object.values(back.probabilities)).toEqual([...softmax(peak(5))].map((p) => expect.closeTo(p, 6)));
});

/** Frames of `people` from `from` to `to`, after which the last faces are told. */
async function watch(live: LiveRecogniser, detector: Watcher, from: number, to: number): Promise<LiveFace[]> {
  let faces: LiveFace[] = [];
  for (let i = Math.round(from / frameSeconds); i * frameSeconds < to; i++) {
    detector.time = i * frameSeconds;
    faces = await live.next(noPicture, detector.time);
  }
  return faces;
}

/** Takes label 1 far enough down that 0 leads. */
const offset = Float64Array.from({ length: K }, (_, k) => (k === 1 ? 8 : 0));
const tilted = (): Float32Array => Float32Array.from({ length: K }, (_, k) => (k === 1 ? 4 : k === 0 ? 2 : 0));

test('a resting face stays corrected when the person comes back alone, and after a jump; another model begins without', async () => {
  const person: Person = { side: 80, at: (t) => (t >= 1 && t < 3 ? undefined : [200, 200]) };
  const recogniser = new Scripted(tilted);
  const detector = new Watcher([person]);
  const live = new LiveRecogniser({ recogniser, detector });
  expect(await watch(live, detector, 0, 0.5)).toMatchObject([{ id: 1, expression: expressions[1] }]);
  live.correct(1, offset);
  expect(await watch(live, detector, 0.5, 1)).toMatchObject([{ id: 1, expression: expressions[0] }]);
  expect(await watch(live, detector, 1, 3)).toEqual([]);
  expect(await watch(live, detector, 3, 4)).toMatchObject([{ id: 2, expression: expressions[0] }]);
  const jumped = live.continued();
  expect(await watch(jumped, detector, 9, 10)).toMatchObject([{ id: 3, expression: expressions[0] }]);
  expect(await watch(jumped.continued({ recogniser }), detector, 10, 11)).toMatchObject([{ id: 4, expression: expressions[1] }]);
  jumped.forgetCorrections();
  expect(await watch(jumped, detector, 10, 12)).toMatchObject([{ id: 3, expression: expressions[1] }]);
  expect(await watch(jumped.continued(), detector, 20, 21)).toMatchObject([{ expression: expressions[1] }]);
});

test('the correction of one person is not another’s: not of who was there too, not of who comes in company', async () => {
  const corrected: Person = { side: 80, at: (t) => (t < 1 ? [200, 200] : undefined) };
  const other: Person = { side: 80, at: () => [600, 200] };
  const late: Person = { side: 80, at: (t) => (t > 4 ? [1000, 200] : undefined) };
  const detector = new Watcher([corrected, other, late]);
  const live = new LiveRecogniser({ recogniser: new Scripted(tilted), detector });
  const [first] = await watch(live, detector, 0, 0.5);
  expect(first!.box.x).toBeLessThan(400);
  live.correct(first!.id, offset);
  const both = await watch(live, detector, 0.5, 1);
  expect(both.map(({ expression }) => expression)).toEqual([expressions[0], expressions[1]]);
  const later = await watch(live, detector, 1, 6);
  expect(later.map(({ expression }) => expression)).toEqual([expressions[1], expressions[1]]);
});

test('a correction that comes when its face is gone goes to who came back alone, or waits for them', async () => {
  const person: Person = { side: 80, at: (t) => ((t >= 1 && t < 3) || (t >= 4 && t < 6) ? undefined : [200, 200]) };
  const detector = new Watcher([person]);
  const live = new LiveRecogniser({ recogniser: new Scripted(tilted), detector });
  expect(await watch(live, detector, 0, 3.5)).toMatchObject([{ id: 2, expression: expressions[1] }]);
  live.correct(1, offset);
  expect(await watch(live, detector, 3.5, 4)).toMatchObject([{ id: 2, expression: expressions[0] }]);
  live.forgetCorrections();
  expect(await watch(live, detector, 4, 5.9)).toEqual([]);
  live.correct(2, offset);
  expect(await watch(live, detector, 5.9, 7)).toMatchObject([{ id: 3, expression: expressions[0] }]);
  // Ids from before a jump are not known after it.
  const jumped = live.continued();
  jumped.forgetCorrections();
  expect(await watch(jumped, detector, 7, 8)).toMatchObject([{ id: 4, expression: expressions[1] }]);
  jumped.correct(3, offset);
  expect(await watch(jumped, detector, 8, 9)).toMatchObject([{ id: 4, expression: expressions[0] }]);
});

test('the correction of who is gone is not given to who was there too, and is refused where two came since', async () => {
  const corrected: Person = { side: 80, at: (t) => (t < 1 || t > 4 ? [200, 200] : undefined) };
  const other: Person = { side: 80, at: () => [600, 200] };
  const late: Person = { side: 80, at: (t) => (t > 6 ? [1000, 200] : undefined) };
  const detector = new Watcher([corrected, other, late]);
  const live = new LiveRecogniser({ recogniser: new Scripted(tilted), detector });
  const [first] = await watch(live, detector, 0, 3);
  expect(first!.id).toBe(2);
  live.correct(1, offset);
  expect(await watch(live, detector, 3, 4)).toMatchObject([{ id: 2, expression: expressions[1] }]);
  expect((await watch(live, detector, 4, 8)).map(({ expression }) => expression)).toEqual([expressions[1], expressions[1], expressions[1]]);
  expect(() => live.correct(1, offset)).toThrow(expect.objectContaining({ code: 'face-gone' }));
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
