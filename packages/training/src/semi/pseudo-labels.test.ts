import { describe, expect, it } from 'vitest';
import { atTemperature, calibrate } from './judge-rows.ts';
import { countAccepted, guessRows, thresholdsForPrecision, thresholdsOf } from './pseudo-labels.ts';

const labels = ['angry', 'fear', 'happy'];
const rows = (...each: number[][]): Float32Array => Float32Array.from(each.flat());

describe('thresholdsOf', () => {
  it('takes one number for all, or one for a class and one for the others', () => {
    expect(thresholdsOf(0.9, labels)).toEqual([0.9, 0.9, 0.9]);
    expect(thresholdsOf({ fear: 0.5, other: 0.8 }, labels)).toEqual([0.8, 0.5, 0.8]);
  });

  it('names a class that is not there', () => {
    expect(() => thresholdsOf({ joy: 0.5, other: 0.8 }, labels)).toThrow(/threshold of joy.*angry, fear, happy/);
  });
});

describe('guessRows', () => {
  it('names the two likeliest classes, and accepts from the threshold of the first on', () => {
    const [a, b] = guessRows(rows([0.25, 0.5, 0.25], [0.6, 0.1, 0.3]), [0.7, 0.5, 0]);
    expect(a).toEqual({ guess: 1, confidence: 0.5, second: 0, secondConfidence: 0.25, accepted: true });
    expect(b).toMatchObject({ guess: 0, second: 2, accepted: false });
  });

  it('knows no rows', () => {
    expect(guessRows(new Float32Array(0), [0, 0, 0])).toEqual([]);
  });
});

describe('thresholdsForPrecision', () => {
  /** Twenty rows guessed as class 1 with falling confidence; the first `right` of them rightly. */
  const falling = (right: number): { p: Float32Array; truth: number[] } => {
    const confidences = Array.from({ length: 20 }, (_, i) => 0.95 - 0.02 * i);
    return { p: rows(...confidences.map((c) => [(1 - c) / 2, c, (1 - c) / 2])), truth: confidences.map((_, i) => (i < right ? 1 : 0)) };
  };

  it('is the lowest confidence from which so many guesses are right', () => {
    const { p, truth } = falling(12);
    const [, threshold] = thresholdsForPrecision(p, truth, 3, 0.8); // 12 of 15 are right, 12 of 16 are not enough
    expect(guessRows(p, [2, threshold!, 2]).filter(({ accepted }) => accepted)).toHaveLength(15);
  });

  it('is out of reach for a class that is never so surely right, and for one that is never guessed', () => {
    const { p, truth } = falling(3);
    expect(thresholdsForPrecision(p, truth, 3, 0.8)).toEqual([2, 2, 2]);
  });

  it('accepts all of a class that is always right', () => {
    const { p, truth } = falling(20);
    const thresholds = thresholdsForPrecision(p, truth, 3, 0.99);
    expect(guessRows(p, thresholds).every(({ accepted }) => accepted)).toBe(true);
  });
});

describe('countAccepted', () => {
  it('counts by guessed class, and tells how many the truth bears out only where it is known', () => {
    const guesses = guessRows(rows([0.9, 0.1, 0], [0.9, 0.1, 0], [0.1, 0.9, 0]), [0.5, 0.95, 0.5]);
    expect(countAccepted(guesses, labels, [0, 1, 1])).toEqual([
      { label: 'angry', guessed: 2, accepted: 2, checked: 2, right: 1 },
      { label: 'fear', guessed: 1, accepted: 0, checked: 0, right: 0 },
      { label: 'happy', guessed: 0, accepted: 0, checked: 0, right: 0 },
    ]);
    expect(countAccepted(guesses, labels)[0]).toMatchObject({ accepted: 2, checked: 0 });
    // A row without a label bears nothing out and nothing down.
    expect(countAccepted(guesses, labels, [0, 255, 1])[0]).toMatchObject({ accepted: 2, checked: 1, right: 1 });
  });
});

describe('calibration', () => {
  it('finds the temperature that makes overconfident probabilities honest', () => {
    // 90 % sure, 60 % right.
    const p = rows(...Array.from({ length: 100 }, () => [0.9, 0.1]));
    const truth = Array.from({ length: 100 }, (_, i) => (i < 60 ? 0 : 1));
    const temperature = calibrate(p, truth, 2);
    expect(temperature).toBeGreaterThan(1);
    expect(atTemperature(p, 2, temperature)[0]).toBeCloseTo(0.6, 2);
    expect(atTemperature(p, 2, 1)).toBe(p);
  });
});
