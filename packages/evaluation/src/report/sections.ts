/** The sections of the page, one a function; a section without figures is the empty string. */
import { pagePalette } from '../plot/palette.ts';
import { reliabilityPlot } from '../plot/reliability-plot.ts';
import { escapeText } from '../plot/svg.ts';
import { severities } from '../corruption/picture.ts';
import { corruptionSource } from '../format-report.ts';
import { figure, folded, intervalText, paragraph, percent, section, table } from './html.ts';
import { type Mistake, surestOfAll } from './mistakes.ts';
import type { Report } from './report.ts';
import { confusionPlot, corruptionPlot, groupPlot, occlusionPlot, recallPlot, riskPlot } from './report-plots.ts';

export function classes(report: Report): string {
  const { labels, perClass, confusion } = report.evaluation;
  const shares = table({
    caption: 'Figures of each expression',
    head: ['expression', 'precision', 'recall', 'F1', 'rows'],
    rows: labels.map((label) => {
      const { precision, recall, f1, support } = perClass[label]!;
      return [label, percent(precision), percent(recall), f1.toFixed(3), String(support)];
    }),
  });
  const counts = table({
    caption: 'Rows by what is true (down) and what the model said (across)',
    head: ['true', ...labels],
    rows: labels.map((label, i) => [label, ...confusion[i]!.map(String)]),
  });
  return section(
    'classes',
    'Expressions',
    shares,
    `<div class="plots">${figure(recallPlot(report, pagePalette))}${figure(confusionPlot(report, pagePalette))}</div>`,
    folded('The confusion matrix in numbers', counts),
  );
}

export function confidence(report: Report): string {
  const { evaluation, votes, abstain } = report;
  const { ece, reliability, temperature, nll } = evaluation;
  const asked = abstain
    ? `Wished for at most ${percent(abstain.wishedRisk)} wrong answers: the threshold ${abstain.threshold.toFixed(4)} was found on ${abstain.fitted.on} (n ${abstain.fitted.n}) and judged on ${abstain.judged.on} (n ${abstain.judged.n}): ${percent(abstain.judged.coverage)} answered, ${percent(abstain.judged.risk)} of them wrong (95 % interval ${intervalText(abstain.judged.risk95)}).`
    : '';
  return section(
    'confidence',
    'Confidence',
    paragraph(
      `Probabilities at temperature ${temperature.toFixed(3)}: negative log likelihood ${nll.toFixed(4)}, expected calibration error ${ece.toFixed(4)} over ${reliability.length} bins.`,
    ),
    votes
      ? paragraph(
          `Output ${votes.head} against the annotators' votes (n ${votes.n}${votes.leftOut ? `; left out for lack of such votes: ${votes.leftOut}` : ''}): negative log likelihood ${votes.nll.toFixed(4)}, Kullback–Leibler divergence ${votes.kl.toFixed(4)} nats. The annotators disagree among themselves by ${votes.entropy.toFixed(4)} nats.`,
        )
      : '',
    asked ? paragraph(asked) : '',
    `<div class="plots">${figure(reliabilityPlot({ ece, bins: reliability }, pagePalette))}${figure(riskPlot(report, pagePalette))}</div>`,
  );
}

export function comparison({ name, evaluation, macroF1Interval95, comparison: other }: Report): string {
  if (!other) return '';
  const { paired } = other;
  const row = (of: string, e: Report['evaluation'], macro: readonly [number, number]): string[] => [
    of,
    percent(e.accuracy),
    intervalText(e.accuracy95),
    e.macroF1.toFixed(4),
    `${macro[0].toFixed(3)} – ${macro[1].toFixed(3)}`,
    e.nll.toFixed(4),
    e.ece.toFixed(4),
  ];
  const better = paired.difference > 0 ? name : other.name;
  const verdict =
    paired.p < 0.05
      ? `${better} is better, and chance alone would hardly make them differ so.`
      : 'The difference could well be chance: neither is shown to be the better one.';
  return section(
    'comparison',
    'Two models on the same rows',
    `<p><span class="key"></span>${escapeText(name)} <span class="key second"></span>${escapeText(other.name)}</p>`,
    paragraph(
      `Accuracy differs by ${(100 * paired.difference).toFixed(2)} points (95 % interval ${(100 * paired.difference95[0]).toFixed(2)} to ${(100 * paired.difference95[1]).toFixed(2)}). Only the first is right in ${paired.onlyFirst} rows, only the second in ${paired.onlySecond}; exact McNemar test p = ${paired.p.toPrecision(2)}. ${verdict}`,
    ),
    table({
      caption: 'Figures of both',
      head: ['model', 'accuracy', '95 % interval', 'macro-F1', '95 % interval', 'NLL', 'ECE'],
      rows: [row(name, evaluation, macroF1Interval95), row(other.name, other.evaluation, other.macroF1Interval95)],
    }),
  );
}

export function groups({ groups: report }: Report): string {
  if (!report) return '';
  const gaps = [
    ...(report.accuracyGap ? [['accuracy', report.accuracyGap] as const] : []),
    ...Object.entries(report.recallGaps).map(([label, gap]) => [`recall of ${label}`, gap] as const),
  ];
  return section(
    'groups',
    'Groups of people',
    paragraph(`${report.n} rows have a group${report.withoutGroup ? `, ${report.withoutGroup} have none and are left out` : ''}.`),
    gaps.length
      ? table({
          caption: `Gap between the best and the worst group of at least ${report.fewest} rows`,
          head: ['figure', 'best', 'worst', 'gap', '95 % interval', 'p'],
          rows: gaps.map(([name, gap]) => [name, gap.best, gap.worst, percent(gap.gap), gap.gap95 ? intervalText(gap.gap95) : '–', gap.p.toPrecision(2)]),
        })
      : '',
    ...report.notes.map((text) => paragraph(text, 'note')),
    `<div class="plots">${figure(groupPlot(report, pagePalette))}</div>`,
    folded(
      'Recall of each expression by group',
      table({
        caption: 'Recall with its 95 % interval, and rows',
        head: ['group', ...Object.keys(report.groups.reduce((all, { recall }) => Object.assign(all, recall), {}))],
        rows: report.groups.map(({ group, recall }) => [
          group,
          ...Object.keys(report.groups.reduce((all, each) => Object.assign(all, each.recall), {})).map((label) => {
            const share = recall[label];
            return share ? `${percent(share.value)} (${intervalText(share.interval95, 0)}, n ${share.n})` : '–';
          }),
        ]),
      }),
    ),
  );
}

export function robustness({ robustness: result }: Report): string {
  if (!result) return '';
  return section(
    'robustness',
    'Robustness',
    paragraph(
      `On ${result.n} rows (seed ${result.seed}): ${percent(result.clean)} as they are (95 % interval ${intervalText(result.clean95)}), ${percent(result.corrupted)} on average over 15 corruptions and 5 severities: ${percent(result.retained)} of the accuracy is kept.`,
    ),
    `<div class="plots">${figure(corruptionPlot(result, pagePalette))}${figure(occlusionPlot(result, pagePalette))}</div>`,
    folded(
      'Corruptions in numbers',
      table({
        caption: 'Accuracy by severity',
        head: ['corruption', ...severities.map(String), 'mean'],
        rows: result.corruptions.map(({ corruption, accuracy, mean }) => [corruption, ...accuracy.map(percent), percent(mean)]),
      }),
    ),
    paragraph(corruptionSource, 'note'),
  );
}

function tile({ row, truth, predicted, confidence: sure, ofTruth, picture }: Mistake): string {
  const words = `${predicted} ${percent(sure)}`;
  return `<li><img src="${picture}" alt="${escapeText(`Row ${row}: true ${truth}, the model says ${words}`)}" decoding="async"><span>${escapeText(words)}</span><span class="quiet">${escapeText(`${truth} ${percent(ofTruth)}`)}</span><span class="quiet">row ${row}</span></li>`;
}

export function gallery({ mistakes, evaluation: { labels, target } }: Report): string {
  if (mistakes.length === 0) return '';
  const surest = mistakes.toSorted((a, b) => b.confidence - a.confidence).slice(0, surestOfAll);
  const list = (title: string, shown: readonly Mistake[]): string =>
    shown.length ? `<h3>${escapeText(title)}</h3><ul class="gallery">${shown.map(tile).join('')}</ul>` : '';
  const ofLabel = labels.map((label) =>
    list(
      `True: ${label}`,
      mistakes.filter(({ truth }) => truth === label),
    ),
  );
  return section(
    'mistakes',
    'Worst mistakes',
    paragraph(
      target === 'ferplus'
        ? 'Wrong answers the model was surest of: first what it said, then what most annotators said.'
        : 'Wrong answers the model was surest of: first what it said, then the label of the data. Some of these labels are themselves in doubt.',
    ),
    list('The surest of all', surest),
    folded('By expression', ofLabel.join('')),
    paragraph('These are pictures of people: keep this file where the data set may be kept.', 'note'),
  );
}
