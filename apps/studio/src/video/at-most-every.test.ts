import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { atMostEvery } from './at-most-every.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test('at once, then once in a while, and the last of all', () => {
  const action = vi.fn();
  const ask = atMostEvery(100, action);
  ask();
  expect(action).toHaveBeenCalledTimes(1);
  for (let ms = 0; ms < 1000; ms += 10) {
    ask();
    vi.advanceTimersByTime(10);
  }
  expect(action.mock.calls.length).toBeGreaterThan(8);
  expect(action.mock.calls.length).toBeLessThan(13);
  vi.advanceTimersByTime(1000);
  action.mockClear();
  ask();
  ask();
  vi.advanceTimersByTime(100);
  expect(action).toHaveBeenCalledTimes(2);
  ask();
  ask.cancel();
  vi.advanceTimersByTime(1000);
  expect(action).toHaveBeenCalledTimes(2);
  ask();
  expect(action).toHaveBeenCalledTimes(3);
});
