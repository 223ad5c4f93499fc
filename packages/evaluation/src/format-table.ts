/** Figures as text for a terminal. */
import type { Evaluation } from './evaluate.ts';
import type { Metrics } from './metrics.ts';

const percent = (value: number): string => `${(100 * value).toFixed(2)} %`;

/** Figures of the probabilities, where they are known. */
type WithProbabilities = Metrics & Partial<Pick<Evaluation, 'top2' | 'nll' | 'ece' | 'temperature'>>;

/** Accuracy with interval, macro-F1, a row a class, and the confusion matrix (rows true, columns predicted). */
export function formatMetrics(metrics: WithProbabilities): string {
  const { labels, perClass, confusion } = metrics;
  const longest = Math.max(...labels.map((l) => l.length));
  const width = Math.max(longest, 8) + 2;
  const cell = Math.max(9, longest + 2);
  const lines = [
    `n ${metrics.n} · accuracy ${percent(metrics.accuracy)} (95 % interval ${percent(metrics.accuracy95[0])} – ${percent(metrics.accuracy95[1])}) · macro-F1 ${metrics.macroF1.toFixed(4)}`,
    ...(metrics.top2 === undefined
      ? []
      : [
          `top-2 ${percent(metrics.top2)} · negative log likelihood ${metrics.nll!.toFixed(4)} · calibration error ${metrics.ece!.toFixed(4)} (15 bins, temperature ${metrics.temperature!.toFixed(3)})`,
        ]),
    '',
    `${''.padEnd(width)}${['precision', 'recall', 'F1', 'support'].map((h) => h.padStart(11)).join('')}`,
    ...labels.map((label) => {
      const c = perClass[label]!;
      const cells = [c.precision.toFixed(3), c.recall.toFixed(3), c.f1.toFixed(3), String(c.support)];
      return `${label.padEnd(width)}${cells.map((text) => text.padStart(11)).join('')}`;
    }),
    '',
    `${'true \\ predicted'.padEnd(Math.max(width, 17))}${labels.map((l) => l.padStart(cell)).join('')}`,
    ...labels.map((label, i) => `${label.padEnd(Math.max(width, 17))}${confusion[i]!.map((count) => String(count).padStart(cell)).join('')}`),
  ];
  return lines.join('\n');
}
