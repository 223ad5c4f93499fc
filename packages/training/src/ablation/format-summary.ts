/** The table of an ablation as Markdown and as CSV. */
import type { AblationSummary, RowSummary, Spread } from './summarise.ts';

const percent = (value: number, digits = 2): string => (100 * value).toFixed(digits);
const signed = (value: number): string => `${value < 0 ? '−' : '+'}${percent(Math.abs(value))}`;

/** `64.73 ± 0.42` of values that are shown by `show`. */
export function formatSpread({ mean, sd }: Spread, show: (value: number) => string): string {
  return sd === undefined ? show(mean) : `${show(mean)} ± ${show(sd)}`;
}

/** `45 s`, `12 min`, `3.1 h`. */
export function formatSeconds(seconds: number): string {
  if (seconds < 90) return `${seconds.toFixed(0)} s`;
  return seconds < 5400 ? `${(seconds / 60).toFixed(0)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

export function formatCount(count: number): string {
  return count >= 1e6 ? `${(count / 1e6).toFixed(2)} M` : `${(count / 1e3).toFixed(0)} k`;
}

/** What is to be known of a row besides its figures. */
export function remarksOf({ note, seeds, failed }: RowSummary, planned: readonly number[]): string {
  const missing = planned.length - seeds.length - failed.length;
  return [
    failed.length > 0 ? `failed with seed ${failed.join(', ')}` : '',
    missing > 0 && seeds.length > 0 ? `${missing} of ${planned.length} seeds to come` : missing > 0 ? 'to come' : '',
    note,
  ]
    .filter(Boolean)
    .join('; ');
}

/** Which images and which seeds. */
export function formatMeasured({ dataset, measuredOn, n, seeds }: AblationSummary): string {
  const spread = seeds.length > 1 ? `mean ± standard deviation over seeds ${seeds.join(', ')}` : `seed ${seeds[0]}`;
  return `Accuracy in per cent on ${dataset}, ${measuredOn}, n ${n}; ${spread}.`;
}

/** The same, with what the table's brackets, differences and times mean. */
function formatProtocol(summary: AblationSummary): string {
  const { seeds, rows, trainedWith } = summary;
  const first = rows[0]!.name;
  const references = new Set(rows.flatMap(({ figures }) => figures?.difference?.against ?? []));
  const to = [...(references.delete(first) ? [first] : []), ...(references.size > 0 ? ['the row they name'] : [])].join(' or ');
  const intervals = `In brackets 95 % intervals, by bootstrap over images${seeds.length > 1 ? ' and seeds' : ''}`;
  const differences = to ? `; differences are to ${to}, image by image` : '';
  const times = trainedWith.length > 0 ? ` Training: time of one, with ${trainedWith.join('; ')}.` : '';
  return `${formatMeasured(summary)} ${intervals}${differences}.${times}`;
}

/** Cells padded, so that the source reads as a table too. */
function markdownTable(rows: readonly (readonly string[])[], right: readonly number[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(3, ...rows.map((row) => row[column]!.length)));
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const padded = rows.map((row) => line(row.map((cell, c) => (right.includes(c) ? cell.padStart(widths[c]!) : cell.padEnd(widths[c]!)))));
  const rule = line(widths.map((width, c) => (right.includes(c) ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width))));
  return [padded[0], rule, ...padded.slice(1)].join('\n');
}

/** `+1.20 [+0.31, +2.05]`, with the row it is to where that is not the first. */
function formatDifference(difference: NonNullable<RowSummary['figures']>['difference'], first: string): string {
  if (!difference) return '–';
  const { value, interval95, against } = difference;
  return `${signed(value)} [${interval95.map(signed).join(', ')}]${against === first ? '' : ` to ${against}`}`;
}

function markdownRow(row: RowSummary, { seeds, rows }: AblationSummary): string[] {
  const { figures } = row;
  return [
    row.name,
    figures ? `${formatSpread(figures.accuracy, (value) => percent(value))} [${figures.accuracy95.map((value) => percent(value, 1)).join(', ')}]` : '–',
    figures ? formatSpread(figures.macroF1, (value) => value.toFixed(3)) : '–',
    formatDifference(figures?.difference, rows[0]!.name),
    formatCount(row.parameters),
    (row.flops / 1e9).toFixed(3),
    figures ? formatSeconds(figures.seconds) : '–',
    remarksOf(row, seeds).replaceAll('|', '\\|'),
  ];
}

/** Heading, description, table, protocol and notes. */
export function formatMarkdown(summary: AblationSummary & { readonly notes?: readonly string[] }): string {
  const head = ['row', 'accuracy', 'macro-F1', 'difference', 'parameters', 'GFLOP', 'training', 'remarks'];
  // Rows of which none is compared need no column for it.
  const isCompared = summary.rows.some(({ figures }) => figures?.difference);
  const kept = (cells: readonly string[]): string[] => cells.filter((_, i) => isCompared || i !== head.indexOf('difference'));
  const numbers = ['parameters', 'GFLOP', 'training'].map((name) => kept(head).indexOf(name));
  const table = markdownTable([head, ...summary.rows.map((row) => markdownRow(row, summary))].map(kept), numbers);
  const state = summary.finished ? [] : ['Not finished: more trainings are to come.'];
  return `${[`# ${summary.name}`, ...(summary.description ? [summary.description] : []), ...state, table, formatProtocol(summary), ...(summary.notes ?? [])].join('\n\n')}\n`;
}

const csvCell = (value: string | number | undefined): string => {
  // More digits than a figure has would only look exact.
  const text = value === undefined ? '' : typeof value === 'number' ? String(Number(value.toPrecision(8))) : value;
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

/** One line a row, fractions and seconds as plain numbers; accuracies of the seeds in their order, apart by spaces. */
export function formatCsv(summary: AblationSummary): string {
  const head =
    'row,seeds,n,accuracy,accuracy_sd,accuracy_low95,accuracy_high95,macro_f1,macro_f1_sd,difference,difference_low95,difference_high95,parameters,flops,training_seconds,accuracies,remarks';
  const lines = summary.rows.map((row) => {
    const { figures: f } = row;
    const cells = [
      row.name,
      row.seeds.join(' '),
      f && summary.n,
      f?.accuracy.mean,
      f?.accuracy.sd,
      ...(f?.accuracy95 ?? [undefined, undefined]),
      f?.macroF1.mean,
      f?.macroF1.sd,
      f?.difference?.value,
      ...(f?.difference?.interval95 ?? [undefined, undefined]),
      row.parameters,
      row.flops,
      f?.seconds,
      f?.accuracies.join(' '),
      remarksOf(row, summary.seeds),
    ];
    return cells.map(csvCell).join(',');
  });
  return `${[head, ...lines].join('\n')}\n`;
}
