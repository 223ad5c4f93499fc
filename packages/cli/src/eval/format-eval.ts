/** A report as text for a terminal. */
import { formatGroups, formatMetrics, formatRobustness, type Report } from '@mien/evaluation';

const percent = (value: number): string => `${(100 * value).toFixed(2)} %`;
const interval = ([low, high]: readonly [number, number]): string => `95 % interval ${percent(low)} – ${percent(high)}`;

export function formatEval(report: Report): string {
  const { evaluation, macroF1Interval95, votes, overlap, abstain, comparison, groups, robustness } = report;
  const parts = [formatMetrics(evaluation), `macro-F1 95 % interval ${macroF1Interval95[0].toFixed(4)} – ${macroF1Interval95[1].toFixed(4)} (bootstrap)`];
  if (votes) {
    parts.push(
      `against the votes (n ${votes.n}): negative log likelihood ${votes.nll.toFixed(4)}, Kullback–Leibler divergence ${votes.kl.toFixed(4)}, entropy of the votes ${votes.entropy.toFixed(4)} nats`,
    );
  }
  if (overlap) {
    const { other, rows, correct, without } = overlap;
    parts.push(
      `${rows} rows have the very pixels of a row of split ${other}${rows ? ` (${correct} of them right)` : ''}; without them: n ${without.n} · accuracy ${percent(without.accuracy)} (${interval(without.accuracy95)})`,
    );
  }
  if (abstain) {
    const { wishedRisk, threshold, fitted, judged } = abstain;
    parts.push(
      `unsure below ${threshold.toFixed(4)}: found on ${fitted.on} (n ${fitted.n}) for at most ${percent(wishedRisk)} wrong; on ${judged.on} (n ${judged.n}) it answers ${percent(judged.coverage)}, ${percent(judged.risk)} of them wrong (${interval(judged.risk95)})`,
    );
  }
  if (comparison) {
    const { name, evaluation: other, paired } = comparison;
    parts.push(
      `${name}: accuracy ${percent(other.accuracy)}, macro-F1 ${other.macroF1.toFixed(4)}\n` +
        `difference ${(100 * paired.difference).toFixed(2)} points (95 % interval ${(100 * paired.difference95[0]).toFixed(2)} to ${(100 * paired.difference95[1]).toFixed(2)}); only the first right ${paired.onlyFirst}, only the second ${paired.onlySecond}; exact McNemar test p = ${paired.p.toPrecision(2)}`,
    );
  }
  if (groups) parts.push(formatGroups(groups));
  if (robustness) parts.push(formatRobustness(robustness));
  return parts.join('\n\n');
}
