/** The table of an ablation as a drawing: one line a row, its seeds, their mean and the interval. */
import { formatCount, formatMeasured, formatSeconds, formatSpread, remarksOf } from './format-summary.ts';
import type { AblationSummary, RowSummary } from './summarise.ts';

/** Sizes in pixels of the drawing; the picture has twice as many. */
const width = 1000;
const rowHeight = 46;
const margin = 32;
const plot = { left: 310, right: 760 };
const headHeight = 96;
const charactersPerLine = 150;

const ink = '#1b2130';
const muted = '#6a7282';
const line = '#e3e6ec';
const accent = '#2457d6';
const reference = '#7b8496';

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

interface TextStyle {
  readonly size?: number;
  readonly fill?: string;
  readonly weight?: number;
  readonly anchor?: 'start' | 'middle' | 'end';
}

function text(x: number, y: number, content: string, { size = 13, fill = ink, weight = 400, anchor = 'start' }: TextStyle = {}): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" font-size="${size}" font-weight="${weight}" fill="${fill}" text-anchor="${anchor}">${escaped(content)}</text>`;
}

/** Shortened with an ellipsis to about so many characters. */
const fit = (content: string, characters: number): string => (content.length > characters ? `${content.slice(0, characters - 1).trimEnd()}…` : content);

/** Words broken into lines of about so many characters. */
function wrap(content: string, characters: number): string[] {
  const lines: string[] = [''];
  for (const word of content.split(' ')) {
    if (lines.at(-1)!.length + word.length > characters) lines.push('');
    lines[lines.length - 1] = `${lines.at(-1)} ${word}`.trim();
  }
  return lines;
}

interface Axis {
  readonly ticks: readonly number[];
  readonly at: (value: number) => number;
}

/** Round steps around everything that is drawn; accuracies are fractions. */
function axisOf(rows: readonly RowSummary[]): Axis {
  const values = rows.flatMap(({ figures }) => (figures ? [...figures.accuracies, ...figures.accuracy95] : []));
  const [least, most] = values.length > 0 ? [Math.min(...values), Math.max(...values)] : [0, 1];
  const step = [0.005, 0.01, 0.02, 0.05, 0.1, 0.2].find((each) => (most - least) / each <= 7) ?? 0.2;
  const [low, high] = [Math.floor(least / step), Math.max(Math.ceil(most / step), Math.floor(least / step) + 1)];
  const ticks = Array.from({ length: high - low + 1 }, (_, i) => (low + i) * step);
  const at = (value: number): number => plot.left + ((value - ticks[0]!) / (ticks.at(-1)! - ticks[0]!)) * (plot.right - plot.left);
  return { ticks, at };
}

function drawAxis({ ticks, at }: Axis, top: number, bottom: number): string[] {
  return ticks.flatMap((tick) => [
    `<line x1="${at(tick).toFixed(1)}" x2="${at(tick).toFixed(1)}" y1="${top}" y2="${bottom}" stroke="${line}"/>`,
    text(at(tick), bottom + 18, `${Number((100 * tick).toFixed(1))} %`, { size: 11, fill: muted, anchor: 'middle' }),
  ]);
}

function drawRow(row: RowSummary, y: number, axis: Axis, colour: string, planned: readonly number[]): string[] {
  const remarks = remarksOf(row, planned);
  const name = text(margin, remarks ? y - 1 : y + 5, fit(row.name, 36), { weight: 600, size: 14 });
  const note = remarks ? [text(margin, y + 14, fit(remarks, 50), { size: 10.5, fill: muted })] : [];
  const cost = `${formatCount(row.parameters)} · ${(row.flops / 1e9).toFixed(2)} GFLOP`;
  const { figures } = row;
  if (!figures) return [name, ...note, text(plot.right + 24, y + 5, cost, { size: 11, fill: muted })];
  const { accuracy, accuracy95, accuracies, seconds } = figures;
  const [low, high] = accuracy95.map(axis.at) as [number, number];
  return [
    name,
    ...note,
    `<line x1="${low.toFixed(1)}" x2="${high.toFixed(1)}" y1="${y}" y2="${y}" stroke="${colour}" stroke-opacity="0.35" stroke-width="8" stroke-linecap="round"/>`,
    ...(accuracies.length > 1
      ? accuracies.map((value) => `<circle cx="${axis.at(value).toFixed(1)}" cy="${y}" r="3" fill="#fff" stroke="${colour}" stroke-width="1.5"/>`)
      : []),
    `<circle cx="${axis.at(accuracy.mean).toFixed(1)}" cy="${y}" r="6" fill="${colour}"/>`,
    text(plot.right + 24, y - 1, `${formatSpread(accuracy, (value) => (100 * value).toFixed(2))} %`, { weight: 600, size: 14, fill: colour }),
    text(plot.right + 24, y + 14, `${cost} · ${formatSeconds(seconds)}`, { size: 10.5, fill: muted }),
  ];
}

/** An SVG picture. */
export function drawSummary(summary: AblationSummary): string {
  const { rows, seeds } = summary;
  const axis = axisOf(rows);
  const several = seeds.length > 1;
  const key = `Bars: 95 % intervals over images${several ? ' and seeds' : ''}; full dots: ${several ? 'means; rings: seeds' : 'accuracies'}.`;
  const caption = wrap(`${formatMeasured(summary)} ${key}`, charactersPerLine);
  const references = new Set(rows.flatMap(({ figures }) => figures?.difference?.against ?? []));
  const top = headHeight;
  const bottom = top + rows.length * rowHeight;
  const height = bottom + 44 + caption.length * 15 + 12;
  const first = rows[0]!.figures;
  const middle = (i: number): number => top + (i + 0.5) * rowHeight;
  const parts = [
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    text(margin, 44, summary.name, { size: 22, weight: 700 }),
    text(margin, 68, fit(summary.description, 140), { size: 13, fill: muted }),
    ...drawAxis(axis, top, bottom),
    ...(first && references.has(rows[0]!.name)
      ? [
          `<line x1="${axis.at(first.accuracy.mean).toFixed(1)}" x2="${axis.at(first.accuracy.mean).toFixed(1)}" y1="${top}" y2="${bottom}" stroke="${reference}" stroke-dasharray="3 4"/>`,
        ]
      : []),
    ...rows.flatMap((row, i) => drawRow(row, middle(i), axis, references.has(row.name) ? reference : accent, seeds)),
    ...caption.map((each, i) => text(margin, bottom + 48 + i * 15, each, { size: 11, fill: muted })),
  ];
  const fonts = "'Inter', 'Helvetica Neue', 'Liberation Sans', 'DejaVu Sans', sans-serif";
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="${fonts}">\n${parts.join('\n')}\n</svg>\n`;
}
