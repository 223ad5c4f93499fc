/** The plots of a report, in the order of the page. */
import { wilsonInterval, type Metrics } from '../metrics.ts';
import { intervalPlot } from '../plot/interval-plot.ts';
import { matrixPlot } from '../plot/matrix-plot.ts';
import type { Palette } from '../plot/palette.ts';
import { reliabilityPlot } from '../plot/reliability-plot.ts';
import { riskCoveragePlot } from '../plot/risk-coverage-plot.ts';
import { percentText } from '../plot/scale.ts';
import type { Plot, PlotHeading } from '../plot/svg.ts';
import { severities } from '../corruption/picture.ts';
import { type Report, trainedMark } from './report.ts';

function recallOf({ perClass }: Metrics, label: string): { value: number; interval95: readonly [number, number] } {
  const { recall, support } = perClass[label]!;
  return { value: recall, interval95: wilsonInterval(Math.round(recall * support), support) };
}

export function recallPlot({ evaluation, comparison, name }: Report, palette: Palette): Plot {
  const present = evaluation.labels.filter((label) => evaluation.perClass[label]!.support > 0);
  return intervalPlot(
    {
      name: 'recall',
      title: 'Recall by expression',
      description: `${present.map((label) => `${label} ${percentText(recallOf(evaluation, label).value)}`).join(', ')}; lines are 95 % intervals.${
        comparison ? ` Blue: ${name}; orange: ${comparison.name}.` : ''
      }`,
      axis: 'recall',
      rows: present.map((label) => ({ label, ...recallOf(evaluation, label), ...(comparison ? { other: recallOf(comparison.evaluation, label) } : {}) })),
    },
    palette,
  );
}

export function confusionPlot({ evaluation: { labels, confusion } }: Report, palette: Palette): Plot {
  const shares = confusion.map((row) => {
    const total = row.reduce((a, b) => a + b, 0);
    return row.map((count) => (total ? count / total : 0));
  });
  const worst = labels
    .flatMap((label, i) => labels.map((other, j) => ({ label, other, share: i === j ? 0 : shares[i]![j]! })))
    .sort((a, b) => b.share - a.share)[0]!;
  return matrixPlot(
    {
      name: 'confusion',
      title: 'Confusion matrix',
      description: `Each row is what is true, each column what the model said, in percent of the row. Most often mistaken: ${worst.label} for ${worst.other} (${percentText(worst.share)}).`,
      rows: labels,
      columns: labels,
      values: shares,
      rowTitle: 'true',
      columnTitle: 'the model said',
    },
    palette,
  );
}

export function corruptionPlot({ corruptions, corrupted, clean }: NonNullable<Report['robustness']>, palette: Palette): Plot {
  const worst = corruptions.toSorted((a, b) => a.mean - b.mean)[0]!;
  return matrixPlot(
    {
      name: 'corruptions',
      title: 'Accuracy under common corruptions',
      description: `Accuracy in percent for 15 corruptions at severities 1 to 5: ${percentText(corrupted, 1)} on average, against ${percentText(clean, 1)} on clean pictures. Hardest: ${worst.corruption} (${percentText(worst.mean, 1)}).`,
      rows: corruptions.map(({ corruption }) => corruption),
      columns: [...severities.map(String), 'mean'],
      values: corruptions.map(({ accuracy, mean }) => [...accuracy, mean]),
      rowTitle: '',
      columnTitle: 'severity',
      labelWidth: 112,
    },
    palette,
  );
}

export function occlusionPlot({ occlusions }: NonNullable<Report['robustness']>, palette: Palette): Plot {
  const worst = occlusions.toSorted((a, b) => b.drop - a.drop)[0]!;
  return intervalPlot(
    {
      name: 'occlusion',
      title: 'Accuracy lost when a part of the face is covered',
      description: `The model leans most on: ${worst.region} (${percentText(worst.drop, 1)} lost when covered). Lines are 95 % intervals. The regions differ in size.`,
      axis: 'accuracy lost',
      domain: [0, 0.1],
      rows: occlusions.map(({ region, drop, drop95 }) => ({ label: region, value: drop, interval95: drop95 })),
    },
    palette,
  );
}

export function groupPlot({ groups }: NonNullable<Report['groups']>, palette: Palette): Plot {
  return intervalPlot(
    {
      name: 'groups',
      title: 'Accuracy by group',
      description: groups.map(({ group, accuracy }) => `${group} ${percentText(accuracy.value, 1)} (n ${accuracy.n})`).join(', '),
      axis: 'accuracy',
      rows: groups.map(({ group, accuracy }) => ({ label: group, ...accuracy })),
    },
    palette,
  );
}

export function riskPlot({ evaluation, abstain, comparison }: Report, palette: Palette): Plot {
  const other = comparison && { name: comparison.name, curve: comparison.evaluation.riskCoverage };
  return riskCoveragePlot(evaluation.riskCoverage, palette, { abstain, other });
}

/** Plots that show a second model too, and those of the rows robustness was measured on. */
const comparing = new Set(['recall', 'risk-coverage']);
const ofRobustness = new Set(['corruptions', 'occlusion']);

/** What stands over a plot that leaves the page: whose it is, on what, and which colour is which. */
export function plotHeading(report: Report, { name: plot }: Pick<Plot, 'name'>): PlotHeading {
  const { name, data, evaluation, comparison, robustness } = report;
  const n = ofRobustness.has(plot) && robustness ? robustness.n : evaluation.n;
  return {
    subtitle: `${name} on ${data} ${evaluation.split}, n ${n}`,
    ...(comparison && comparing.has(plot) ? { legend: [name, comparison.name] as const } : {}),
    ...(trainedMark(report) ? { mark: 'TRAINED ON THESE ROWS' } : {}),
  };
}

/** Every plot the report has the figures for. */
export function reportPlots(report: Report, palette: Palette): Plot[] {
  const { evaluation, robustness, groups } = report;
  return [
    recallPlot(report, palette),
    confusionPlot(report, palette),
    reliabilityPlot({ ece: evaluation.ece, bins: evaluation.reliability }, palette),
    riskPlot(report, palette),
    ...(groups ? [groupPlot(groups, palette)] : []),
    ...(robustness ? [corruptionPlot(robustness, palette), occlusionPlot(robustness, palette)] : []),
  ];
}
