import { afterEach, expect, test, vi } from 'vitest';
import { printJsonAtPace } from './print-at-pace.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

test('a line counts as printed when the reader has taken it, or is gone', async () => {
  const lines: string[] = [];
  const taken: ((error?: Error) => void)[] = [];
  vi.spyOn(process.stdout, 'write').mockImplementation((text, ...rest: unknown[]) => {
    lines.push(String(text));
    taken.push(rest.at(-1) as () => void);
    return false;
  });
  let printed = 0;
  const count = (): number => ++printed;
  const first = printJsonAtPace({ frame: 0 }).then(count);
  await Promise.resolve();
  expect([lines, printed]).toEqual([['{"frame":0}\n'], 0]);
  taken[0]!();
  await first;
  expect(printed).toBe(1);
  const second = printJsonAtPace({ frame: 1 }).then(count);
  taken[1]!(new Error('EPIPE'));
  await second;
  expect(printed).toBe(2);
});
