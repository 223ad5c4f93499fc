/** A report as text for a terminal. */
import { formatGroups, formatMetrics, formatRobustness, type Report, trainedMark } from '@mien/evaluation';

const percent = (value: number): string => `${(100 * value).toFixed(2)} %`;
const plain = ([low, high]: readonly [number, number]): string => `${low.toFixed(4)} – ${high.toFixed(4)}`;
const interval = ([low, high]: readonly [number, number]): string => `95 % interval ${percent(low)} – ${percent(high)}`;

export function formatEval(report: Report): string {
  const { evaluation, macroF1Interval95, nllInterval95, eceInterval95, top2Interval95, unfitted, votes, overlap, abstain, comparison, groups, robustness } =
    report;
  const mark = trainedMark(report);
  const parts = [
    ...(mark ? [mark] : []),
    formatMetrics(evaluation),
    `95 % intervals (bootstrap): macro-F1 ${plain(macroF1Interval95)}, negative log likelihood ${plain(nllInterval95)}, calibration error ${plain(eceInterval95)}; by Wilson's formula: top-2 ${percent(top2Interval95[0])} – ${percent(top2Interval95[1])}`,
  ];
  if (unfitted)
    parts.push(`calibration error of the ${unfitted.n} rows the temperature was not fitted on: ${unfitted.ece.toFixed(4)} (${plain(unfitted.eceInterval95)})`);
  if (votes) {
    parts.push(
      `${votes.head} against the votes (n ${votes.n}; left out for lack of such votes: ${votes.leftOut}): negative log likelihood ${votes.nll.toFixed(4)}, Kullback–Leibler divergence ${votes.kl.toFixed(4)}, entropy of the votes ${votes.entropy.toFixed(4)} nats`,
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
