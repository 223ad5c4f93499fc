/** The evaluation as one page that needs nothing else: no script, no font, no address. */
import { escapeText } from '../plot/svg.ts';
import { evaluationStyle } from './evaluation-style.ts';
import { intervalText, paragraph, percent, section } from './html.ts';
import { type Report, trainedMark } from './report.ts';
import { classes, comparison, confidence, gallery, groups, robustness } from './sections.ts';

interface Headline {
  readonly name: string;
  readonly value: string;
  readonly detail: string;
}

const decimals = ([low, high]: readonly [number, number], digits: number): string => `95 % interval ${low.toFixed(digits)} – ${high.toFixed(digits)}`;

function headlines({ evaluation, macroF1Interval95, eceInterval95, top2Interval95, unfitted, overlap, abstain, robustness: robust }: Report): Headline[] {
  const { accuracy, accuracy95, macroF1, top2, ece, n, target } = evaluation;
  return [
    { name: 'Accuracy', value: percent(accuracy), detail: `95 % interval ${intervalText(accuracy95)}` },
    { name: 'Macro-F1', value: macroF1.toFixed(3), detail: decimals(macroF1Interval95, 3) },
    { name: 'Among the first two', value: percent(top2), detail: `the true one is first or second; 95 % interval ${intervalText(top2Interval95)}` },
    { name: 'Calibration error', value: ece.toFixed(4), detail: decimals(eceInterval95, 4) },
    ...(unfitted
      ? [
          {
            name: 'Calibration error of rows not fitted on',
            value: unfitted.ece.toFixed(4),
            detail: `${unfitted.n} rows; ${decimals(unfitted.eceInterval95, 4)}`,
          },
        ]
      : []),
    { name: 'Rows', value: n.toLocaleString('en'), detail: target === 'ferplus' ? 'those with a majority of the votes' : 'every one counts' },
    ...(overlap
      ? [
          {
            name: `Without copies of rows of ${overlap.other}`,
            value: percent(overlap.without.accuracy),
            detail: `${overlap.rows} rows left out; 95 % interval ${intervalText(overlap.without.accuracy95)}`,
          },
        ]
      : []),
    ...(abstain
      ? [{ name: 'Wrong where it answers', value: percent(abstain.judged.risk), detail: `answering ${percent(abstain.judged.coverage)} of the rows` }]
      : []),
    ...(robust
      ? [
          {
            name: 'Under corruptions',
            value: percent(robust.corrupted),
            detail: `mean of 75; 95 % interval ${intervalText(robust.corrupted95)}; ${percent(robust.retained)} kept`,
          },
        ]
      : []),
  ];
}

/** The page as HTML; `command` is what reprints it. */
export function evaluationPage(report: Report, command: string): string {
  const { name: model, data, evaluation, warnings, measured, intendedUse, limits } = report;
  const title = `${model} on ${data}, ${evaluation.split}`;
  const mark = trainedMark(report);
  const parts = [
    { id: 'classes', name: 'Expressions', html: classes(report) },
    { id: 'confidence', name: 'Confidence', html: confidence(report) },
    { id: 'comparison', name: 'Comparison', html: comparison(report) },
    { id: 'groups', name: 'Groups', html: groups(report) },
    { id: 'robustness', name: 'Robustness', html: robustness(report) },
    { id: 'mistakes', name: 'Worst mistakes', html: gallery(report) },
    {
      id: 'use',
      name: 'Use and limits',
      html: section(
        'use',
        'Use and limits',
        paragraph(intendedUse),
        limits.length ? `<ul>${limits.map((limit) => `<li>${escapeText(limit)}</li>`).join('')}</ul>` : '',
      ),
    },
  ].filter(({ html }) => html !== '');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>${escapeText(title)}</title>
<style>${evaluationStyle}</style>
</head>
<body>
<a class="skip" href="#content">Skip to the figures</a>
<header>
<h1>${escapeText(title)}</h1>
<p class="quiet">${escapeText(evaluation.protocol[0]!.toUpperCase() + evaluation.protocol.slice(1))}. Measured ${escapeText(measured.slice(0, 10))}.</p>
${mark ? `<p class="warning" role="note"><strong>${escapeText(mark)}.</strong></p>\n` : ''}${warnings.map((text) => `<p class="warning" role="note">${escapeText(text)}</p>`).join('\n')}
</header>
<main id="content">
<dl class="headline">${headlines(report)
    .map(({ name, value, detail }) => `<div><dt>${escapeText(name)}</dt><dd>${escapeText(value)}<small>${escapeText(detail)}</small></dd></div>`)
    .join('')}</dl>
<nav aria-label="Sections"><ul>${parts.map(({ id, name }) => `<li><a href="#${id}">${escapeText(name)}</a></li>`).join('')}</ul></nav>
${parts.map(({ html }) => html).join('\n')}
</main>
<footer><p class="note">Printed again by: <code>${escapeText(command)}</code></p></footer>
</body>
</html>
`;
}
