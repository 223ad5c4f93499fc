/** Tables of `mien models`, as text. */
import { headsOfCard } from '@mien/evaluation';
import { describeValues, type OptionSpecs } from '@mien/models';
import type { ArchitectureEntry, ReleasedEntry } from './model-entries.ts';

const count = (n: number): string => n.toLocaleString('en-US');
const giga = (flops: number): string => (flops / 1e9).toFixed(3);
const percent = (value: number): string => `${(100 * value).toFixed(2)} %`;

/** How operations are counted, wherever they are shown. */
export const flopConvention = 'GFLOP: one image forward, 2 operations a multiply-add of convolutions, dense layers and attention.';

/** Rows with columns as wide as they need; the first row is the head. Columns named in `right` are set to the right. */
function table(rows: readonly (readonly string[])[], right: readonly number[] = []): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    row
      .map((cell, column) => (right.includes(column) ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!)))
      .join('  ')
      .trimEnd(),
  );
}

export function formatArchitectures(entries: readonly ArchitectureEntry[]): string[] {
  const rows = entries.map((e) => [e.name, e.input.join('×'), count(e.params.total), giga(e.flops), e.description]);
  return table([['architecture', 'input', 'parameters', 'GFLOP', ''], ...rows], [2, 3]);
}

type Figure = ReleasedEntry['card']['figures'][number];

/** A figure with its rows, interval and what should be known of it. */
function describeFigure({ metric, head, dataset, split, n, value, interval95, note }: Figure, main: string): string {
  const isShare = metric.startsWith('accuracy') || metric.startsWith('recall');
  const interval = interval95 ? ` (${interval95.map(percent).join(' to ')})` : '';
  const of = head !== undefined && head !== main ? `${head}: ` : '';
  return `${of}${metric} ${isShare ? percent(value) : value.toFixed(4)}${interval} on ${dataset} ${split}, n ${count(n)}${note ? ` (${note})` : ''}`;
}

/** The label whose recall a figure is. */
const recalled = ({ metric }: Figure): string | undefined => /^recall of (.*)$/.exec(metric)?.[1];

/** The recalls of one output in one line, by the rows they are of. */
function recallLine(figures: readonly Figure[], head: string): string[] {
  const rows = [...new Set(figures.map(({ dataset, split }) => `${dataset} ${split}`))];
  return rows.map((of) => {
    const shares = figures
      .filter(({ dataset, split }) => `${dataset} ${split}` === of)
      .map((figure) => `${recalled(figure)} ${(100 * figure.value).toFixed(0)} %`);
    return `  recall of ${head} on ${of}: ${shares.join(', ')}`;
  });
}

/** The figure a card leads with. */
function leadingFigure({ card }: ReleasedEntry): string {
  const [figure] = card.figures;
  return figure ? describeFigure(figure, headsOfCard(card)[0].name) : 'no figures';
}

export function formatReleased(entries: readonly ReleasedEntry[]): string[] {
  const rows = entries.map((e) => [
    e.name,
    e.card.architecture,
    e.card.preprocessing.input.shape.join('×'),
    count(e.card.parameters),
    giga(e.card.flops),
    (e.bytes / 1e6).toFixed(2),
    leadingFigure(e),
  ]);
  return table([['released model', 'architecture', 'input', 'parameters', 'GFLOP', 'MB', ''], ...rows], [3, 4, 5]);
}

function formatOptions(specs: OptionSpecs): string[] {
  if (Object.keys(specs).length === 0) return ['Options: none'];
  const rows = Object.entries(specs).map(([name, spec]) => [`  ${name}`, String(spec.default), describeValues(spec), spec.help]);
  return ['Options', ...table([['  option', 'default', 'takes', ''], ...rows])];
}

/** Everything about one architecture: sums, options, layers. */
export function formatArchitecture(entry: ArchitectureEntry): string[] {
  const { params } = entry;
  const layers = entry.layers.map((l) => [`  ${l.name}`, l.type, l.output.join('×'), count(l.params)]);
  return [
    `${entry.name}: ${entry.description}`,
    `  input ${entry.input.join('×')} (C×H×W), at least ${entry.smallest}×${entry.smallest} pixels; ${entry.classes} classes`,
    `  ${count(params.total)} parameters, ${count(params.trainable)} of them trained, the rest moving statistics; ${giga(entry.flops)} GFLOP`,
    `  head (what a stage trains first): ${entry.head.join(', ')}`,
    '',
    ...formatOptions(entry.options),
    '',
    'Layers',
    ...table([['  layer', 'type', 'output', 'parameters'], ...layers], [3]),
  ];
}

/** The card of one model. */
export function formatCard(entry: ReleasedEntry): string[] {
  const { card } = entry;
  const { preprocessing, training } = card;
  const heads = headsOfCard(card);
  return [
    `${entry.name}: ${card.description}`,
    `  file ${entry.file}, ${(entry.bytes / 1e6).toFixed(2)} MB, licence ${card.licence}`,
    `  architecture ${card.architecture}, ${count(card.parameters)} parameters, ${giga(card.flops)} GFLOP`,
    `  input ${preprocessing.input.shape.join('×')} ${preprocessing.color}, resized to ${preprocessing.resizeTo.join('×')}`,
    ...heads.map(
      (head) =>
        `  ${head === heads[0] ? 'labels' : `second output ${head.name}:`} ${head.labels.join(', ')}${head.temperature === 1 ? '' : `; temperature ${head.temperature.toFixed(3)}`}`,
    ),
    ...(card.abstain ? [`  says "not sure" below a probability of ${percent(card.abstain.threshold)}`] : []),
    `  trained on ${training.data} ${training.split}, ${count(training.rows)} rows, ${training.epochs} epochs of recipe ${training.recipe}, seed ${training.seed}; chosen on ${training.chosenOn}`,
    ...(training.startedFrom ? [`  began with ${training.startedFrom}`] : []),
    ...card.figures.filter((figure) => recalled(figure) === undefined).map((figure) => `  ${describeFigure(figure, heads[0].name)}`),
    ...heads.flatMap(({ name }) =>
      recallLine(
        card.figures.filter((figure) => (figure.head ?? heads[0].name) === name && recalled(figure)),
        name,
      ),
    ),
    `  for: ${card.intendedUse}`,
    ...card.limits.map((limit) => `  limit: ${limit}`),
  ];
}
