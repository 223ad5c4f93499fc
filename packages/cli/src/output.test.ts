import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Progress } from './output.ts';

const lines: string[] = [];
beforeEach(() => {
  lines.length = 0;
  vi.useFakeTimers({ toFake: ['performance'] });
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    lines.push(String(text));
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

test('each thing that is counted has a rate of its own, from when it began', () => {
  const progress = new Progress(0);
  progress.count('training', 10, 1000);
  vi.advanceTimersByTime(10_000);
  progress.count('training', 60, 1000);
  vi.advanceTimersByTime(60_000);
  // Begins late, and with some done: neither says how fast it is.
  progress.count('asking', 100, 1000);
  vi.advanceTimersByTime(4000);
  progress.count('asking', 500, 1000);
  expect(lines.map((line) => line.trim())).toEqual(['training: 60 of 1000 (6 %), 5/s, 3 min left', 'asking: 500 of 1000 (50 %), 100/s, 5 s left']);
});
