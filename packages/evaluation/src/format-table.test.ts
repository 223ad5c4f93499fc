import { describe, expect, it } from 'vitest';
import { formatMetrics } from './format-table.ts';
import { computeMetrics } from './metrics.ts';

describe('formatMetrics', () => {
  const text = formatMetrics(computeMetrics([0, 0, 1], [0, 1, 1], ['happy', 'a-very-long-class-name']));

  it('gives accuracy with its interval, macro-F1, and a row a class', () => {
    expect(text).toContain('n 3 · accuracy 66.67 % (95 % interval 20.77 % – 93.85 %) · macro-F1 0.6667');
    expect(text).toMatch(/^happy +1\.000 +0\.500 +0\.667 +2$/m);
    expect(text).toMatch(/^a-very-long-class-name +0\.500 +1\.000 +0\.667 +1$/m);
  });

  it('shows the confusion matrix, true classes as rows', () => {
    const [header, first, second] = text.split('\n').slice(-3) as [string, string, string];
    expect(header).toContain('true \\ predicted');
    expect(first).toMatch(/^happy +1 +1$/);
    expect(second).toMatch(/^a-very-long-class-name +0 +1$/);
  });

  it('keeps the headers of long labels apart', () => {
    const header = formatMetrics(computeMetrics([], [], ['happy', 'contemptuous', 'surprised']))
      .split('\n')
      .at(-4)!;
    expect(header.trim().split(/ +/).slice(-3)).toEqual(['happy', 'contemptuous', 'surprised']);
  });
});
