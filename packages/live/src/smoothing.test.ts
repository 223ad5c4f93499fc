import fc from 'fast-check';
import { softmax } from '@mien/runtime';
import { describe, expect, test } from 'vitest';
import { noiseFrom } from '../test/simulated-faces.ts';
import { calibratedLogits } from './calibrated-logits.ts';
import { defaultAbstainThreshold, FaceSmoother } from './face-smoother.ts';
import { alignmentLag, switchesPerMinute } from './flicker.ts';
import { neutralOffset } from './neutral-correction.ts';
import { OneEuro } from './one-euro.ts';
import { SteadyLabel } from './steady-label.ts';

const frameSeconds = 1 / 30;
const card = { output: { name: 'logits', temperature: 1 } };
const times = (seconds: number): number[] => Array.from({ length: Math.round(seconds / frameSeconds) }, (_, i) => i * frameSeconds);

describe('One-Euro', () => {
  test('passes the first value, stays within what it has seen, and comes to rest on a constant', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: -5, max: 5, noNaN: true }), { minLength: 2, maxLength: 50 }), (values) => {
        const filter = new OneEuro({ minCutoffHz: 1, beta: 0.2 });
        const out = values.map((v, i) => filter.next([v], i * frameSeconds)[0]!);
        expect(out[0]).toBe(values[0]);
        for (const [i, v] of out.entries()) {
          const seen = values.slice(0, i + 1);
          expect(v).toBeGreaterThanOrEqual(Math.min(...seen) - 1e-9);
          expect(v).toBeLessThanOrEqual(Math.max(...seen) + 1e-9);
        }
        const last = values.at(-1)!;
        let rest = 0;
        for (let i = 0; i < 300; i++) rest = filter.next([last], (values.length + i) * frameSeconds)[0]!;
        expect(rest).toBeCloseTo(last, 2);
      }),
    );
  });

  test('depends on seconds, not on frames: twice the frame rate gives the same curve', () => {
    const slow = new OneEuro({ minCutoffHz: 0.5, beta: 0 });
    const fast = new OneEuro({ minCutoffHz: 0.5, beta: 0 });
    slow.next([0], 0);
    fast.next([0], 0);
    let [a, b] = [0, 0];
    for (let i = 1; i <= 15; i++) a = slow.next([1], i / 30)[0]!;
    for (let i = 1; i <= 30; i++) b = fast.next([1], i / 60)[0]!;
    expect(a).toBeCloseTo(b, 1);
    expect(a).toBeGreaterThan(0.6);
  });

  test('a quick change is followed sooner with a higher beta', () => {
    const step = (beta: number): number => {
      const filter = new OneEuro({ minCutoffHz: 0.5, beta });
      filter.next([0], 0);
      return filter.next([4], frameSeconds)[0]!;
    };
    expect(step(1)).toBeGreaterThan(2 * step(0));
  });
});

describe('steady label', () => {
  const play = (leads: (time: number) => number, seconds: number): { time: number; label: number }[] => {
    const label = new SteadyLabel();
    return times(seconds).map((time) => ({ time, label: label.next([0, leads(time)], time) }));
  };

  test('takes the first best label at once', () => {
    expect(new SteadyLabel().next([0, 3, 1], 0)).toBe(1);
  });

  test('noise around a tie does not change it', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const noise = noiseFrom(seed);
        const raw: { time: number; label: number }[] = [];
        const steady = play((time) => {
          const lead = time === 0 ? -1 : 1.2 * noise();
          raw.push({ time, label: lead > 0 ? 1 : 0 });
          return lead;
        }, 10);
        expect(switchesPerMinute(steady)).toBeLessThan(0.1 * switchesPerMinute(raw));
      }),
      { numRuns: 30 },
    );
  });

  test('a clear change shows within a tenth of a second, a doubtful one later, none below the drift', () => {
    const delay = (lead: number): number => (play((time) => (time < 1 ? -3 : lead), 6).find(({ label }) => label === 1)?.time ?? Number.POSITIVE_INFINITY) - 1;
    expect(delay(4)).toBeLessThan(0.1);
    expect(delay(1)).toBeGreaterThan(delay(4));
    expect(delay(1)).toBeLessThan(1);
    expect(delay(0.4)).toBe(Number.POSITIVE_INFINITY);
  });

  /** The labels of a face at rest, whose first label leads by 3; from the first second on the second one leads by what `of` says of each frame. */
  const atRate = (framesPerSecond: number, of: (frame: number) => number, filter?: 'off'): number[] => {
    const face = new FaceSmoother(card, filter ? { filter } : {});
    const lead = (i: number): number => (i < framesPerSecond ? -3 : of(i - framesPerSecond));
    const logits = (i: number): number[] => [Math.max(0, -lead(i)), Math.max(0, lead(i))];
    return Array.from({ length: 4 * framesPerSecond }, (_, i) => face.next(logits(i), i / framesPerSecond).label);
  };

  test.each([5, 6, 8, 10, 12, 15, 20, 30])('one wild frame does not change it at %i frames a second, with the filter and without', (framesPerSecond) => {
    const wild = (i: number): number => (i === 0 ? 8 : -3);
    expect(new Set(atRate(framesPerSecond, wild))).toEqual(new Set([0]));
    expect(new Set(atRate(framesPerSecond, wild, 'off'))).toEqual(new Set([0]));
  });

  test.each([5, 8, 10, 15])('a clear change shows with the second or third frame at %i frames a second, a doubtful one within a second', (framesPerSecond) => {
    const framesUntil = (lead: number): number => atRate(framesPerSecond, () => lead).indexOf(1) - framesPerSecond;
    expect(framesUntil(4)).toBeGreaterThan(0);
    expect(framesUntil(4)).toBeLessThanOrEqual(2);
    expect(framesUntil(1) / framesPerSecond).toBeLessThan(1);
  });

  test('the first frame after a face was hidden does not change it either', () => {
    const label = new SteadyLabel();
    for (let i = 0; i < 10; i++) label.next([3, 0], i / 30);
    expect(label.next([0, 8], 1.2)).toBe(0);
  });
});

describe('one face', () => {
  test('probabilities sum to 1, and without smoothing are the softmax of logits over temperature', () => {
    const plain = new FaceSmoother({ output: { name: 'logits', temperature: 2 } }, { filter: 'off', label: 'off' });
    const { probabilities, label } = plain.next([1, 5, 2], 0);
    expect(label).toBe(1);
    const expected = softmax([1, 5, 2], 2);
    for (const [k, p] of probabilities.entries()) expect(p).toBeCloseTo(expected[k]!, 12);
  });

  test('is unsure below the card’s threshold, else below a half, and not again at once at the border', () => {
    const at = (p: number): number[] => [Math.log(p / (1 - p)), 0];
    const off = { filter: 'off', label: 'off' } as const;
    expect(new FaceSmoother({ ...card, abstain: { threshold: 0.8 } }, off).next(at(0.79), 0).unsure).toBe(true);
    expect(new FaceSmoother({ ...card, abstain: { threshold: 0.8 } }, off).next(at(0.81), 0).unsure).toBe(false);
    expect(new FaceSmoother(card, off).next([0.1, 0, 0, 0], 0).unsure).toBe(true);
    expect(new FaceSmoother(card, off).next(at(defaultAbstainThreshold + 0.01), 0).unsure).toBe(false);
    const face = new FaceSmoother({ ...card, abstain: { threshold: 0.8 } }, off);
    face.next(at(0.79), 0);
    expect(face.next(at(0.81), 0.1).unsure).toBe(true);
    expect(face.next(at(0.86), 0.2).unsure).toBe(false);
  });
});

describe('resting-face correction', () => {
  const logits = fc.array(fc.double({ min: -6, max: 6, noNaN: true }), { minLength: 7, maxLength: 7 });

  test('neutral leads the corrected resting face by the margin, nothing is raised, and twice is once', () => {
    fc.assert(
      fc.property(logits, fc.double({ min: 0.5, max: 3, noNaN: true }), (resting, temperature) => {
        const frames = Array.from({ length: 12 }, () => resting);
        const offset = neutralOffset(frames, temperature, 6);
        const corrected = calibratedLogits(resting, temperature, offset);
        for (let k = 0; k < 6; k++) expect(corrected[k]!).toBeLessThanOrEqual(corrected[6]! - 1 + 1e-9);
        expect(Math.min(...offset)).toBe(0);
        expect(offset[6]).toBe(0);
        const again = neutralOffset(
          frames.map((frame) => calibratedLogits(frame, temperature, offset)),
          1,
          6,
        );
        for (const v of again) expect(v).toBeCloseTo(0, 9);
      }),
    );
  });

  test('a smile at the start does not count, a clearly neutral face needs no correction, too few frames are told', () => {
    const neutral = [0, 0, 0, 0, 0, 0, 4];
    const smile = [0, 0, 0, 9, 0, 0, 0];
    expect([...neutralOffset([...Array.from({ length: 4 }, () => smile), ...Array.from({ length: 8 }, () => neutral)], 1, 6)]).toEqual([0, 0, 0, 0, 0, 0, 0]);
    expect(() => neutralOffset([neutral], 1, 6)).toThrow(expect.objectContaining({ code: 'too-few-frames' }));
  });
});

test('lag is the delay at which the signals agree best; a still signal has none', () => {
  const t = times(8);
  const signal = (time: number): number[] => [Math.sin(2 * time) + 0.5 * Math.sin(5.3 * time + 1)];
  const raw = t.map(signal);
  const delayed = t.map((time) => signal(time - 0.15));
  expect(alignmentLag(t, raw, delayed)).toBeCloseTo(0.15, 2);
  expect(alignmentLag(t, raw, raw)).toBe(0);
  expect(
    alignmentLag(
      t,
      raw.map(() => [1]),
      raw.map(() => [1]),
    ),
  ).toBeNaN();
});

test('switches a minute', () => {
  const frames = [0, 0, 1, 1, 0].map((label, i) => ({ label, time: i * 0.5 }));
  expect(switchesPerMinute(frames)).toBe(60);
  expect(switchesPerMinute(frames.slice(0, 1))).toBe(0);
});
