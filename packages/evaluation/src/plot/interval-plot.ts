/** A share for each of some things, with its interval: recall of classes, groups of people, covered regions. */
import { type Frame, xAxis } from './axes.ts';
import type { Palette } from './palette.ts';
import { linearScale, niceDomain, percentText } from './scale.ts';
import { el, label, type Plot } from './svg.ts';

export interface IntervalRow {
  readonly label: string;
  readonly value: number;
  readonly interval95: readonly [number, number];
  /** The same of another model. */
  readonly other?: { readonly value: number; readonly interval95: readonly [number, number] };
}

export interface IntervalPlotOptions extends Pick<Plot, 'name' | 'title' | 'description'> {
  readonly rows: readonly IntervalRow[];
  readonly axis: string;
  /** Shown at least. */
  readonly domain?: readonly [number, number];
}

const width = 440;
const rowHeight = 30;
/** Room for names, by the longest of them; what is longer still is cut, with a mark. */
const [narrowest, widest, charWidth] = [104, 190, 6.8];

function shortened(text: string): string {
  const most = Math.floor((widest - 14) / charWidth);
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}

export function intervalPlot({ rows, axis, domain = [0, 1], ...named }: IntervalPlotOptions, palette: Palette): Plot {
  const longest = Math.max(...rows.map((row) => shortened(row.label).length));
  const frame: Frame = { left: Math.max(narrowest, Math.ceil(14 + charWidth * longest)), top: 12, right: 386, bottom: 12 + rows.length * rowHeight };
  const values = rows.flatMap(({ value, interval95, other }) => [value, ...interval95, ...(other ? [other.value, ...other.interval95] : [])]);
  const x = linearScale(niceDomain([...domain, ...values], 0.1), [frame.left, frame.right]);
  const dot = ({ value, interval95: [low, high] }: Pick<IntervalRow, 'value' | 'interval95'>, y: number, colour: string): string =>
    el('line', { x1: x(low), x2: x(high), y1: y, y2: y, stroke: colour, 'stroke-width': 2, 'stroke-opacity': 0.6 }) +
    el('circle', { cx: x(value), cy: y, r: 4.5, fill: colour, stroke: palette.paper });
  const lines = rows.map((row, i) => {
    const y = frame.top + (i + 0.5) * rowHeight;
    const shift = row.other ? 5 : 0;
    return [
      label(shortened(row.label), frame.left - 10, y + 4, { 'text-anchor': 'end' }),
      ...(row.other ? [dot(row.other, y + shift, palette.second)] : []),
      dot(row, y - shift, palette.first),
      label(percentText(row.value, 1), frame.right + 8, y + 4, { fill: palette.quiet }),
    ].join('');
  });
  return { ...named, width, height: frame.bottom + 48, content: [xAxis(frame, x, axis, palette), ...lines].join('') };
}
