import { expect, test } from 'vitest';
import type { Look } from '../live/look.ts';
import { lookAt } from './look-at.ts';

const looks = [0, 0.1, 0.2, 5].map((time): Look => ({ faces: [], frame: { time, width: 4, height: 4, workMs: 0, latencyMs: 0 } }));

test('the last look at or before the moment, unless it is stale', () => {
  expect(lookAt(looks, 0)).toBe(looks[0]);
  expect(lookAt(looks, 0.19)).toBe(looks[1]);
  expect(lookAt(looks, 0.2)).toBe(looks[2]);
  expect(lookAt(looks, 0.44)).toBe(looks[2]);
  expect(lookAt(looks, 0.46)).toBeUndefined();
  expect(lookAt(looks, 4.9)).toBeUndefined();
  expect(lookAt(looks, 9)).toBeUndefined();
  expect(lookAt([], 1)).toBeUndefined();
});
