/** A table of shares as shades: the confusion matrix, corruptions by severity. */
import type { Palette } from './palette.ts';
import { el, label, type Plot } from './svg.ts';

export interface MatrixPlotOptions extends Pick<Plot, 'name' | 'title' | 'description'> {
  readonly rows: readonly string[];
  readonly columns: readonly string[];
  /** `values[row][column]` in 0…1. */
  readonly values: readonly (readonly number[])[];
  /** Titles of the axes. */
  readonly rowTitle: string;
  readonly columnTitle: string;
  readonly labelWidth?: number;
}

const width = 440;

export function matrixPlot({ rows, columns, values, rowTitle, columnTitle, labelWidth = 78, ...named }: MatrixPlotOptions, palette: Palette): Plot {
  // Many heads stand aslant, or they would run into each other.
  const isTilted = columns.length > 7;
  const [top, right] = isTilted ? [76, 28] : [44, 6];
  const cellWidth = (width - labelWidth - right) / columns.length;
  const cellHeight = rows.length > 10 ? 24 : 36;
  const each = (draw: (value: number, x: number, y: number) => string): string[] =>
    values.flatMap((row, i) => row.map((value, j) => draw(value, labelWidth + j * cellWidth, top + i * cellHeight)));
  const shades = each((value, x, y) =>
    el('rect', {
      x: x + 1,
      y: y + 1,
      width: cellWidth - 2,
      height: cellHeight - 2,
      rx: 3,
      fill: palette.first,
      'fill-opacity': Math.max(0.04, value).toFixed(3),
    }),
  );
  const numbers = each((value, x, y) => label((100 * value).toFixed(0), x + cellWidth / 2, y + cellHeight / 2 + 4.5, { 'text-anchor': 'middle' }));
  return {
    ...named,
    width,
    height: top + rows.length * cellHeight + 6,
    content: [
      label(rowTitle, 0, top - 10, { fill: palette.quiet }),
      label(columnTitle, isTilted ? 0 : width - 6, 13, { fill: palette.quiet, 'text-anchor': isTilted ? 'start' : 'end' }),
      ...columns.map((text, j) => {
        const x = labelWidth + (j + 0.5) * cellWidth;
        if (!isTilted) return label(text, x, top - 10, { 'text-anchor': 'middle', 'font-size': 11.5 });
        return label(text, x - 4, top - 6, { transform: `rotate(-40 ${(x - 4).toFixed(1)} ${top - 6})` });
      }),
      ...rows.map((text, i) => label(text, labelWidth - 8, top + (i + 0.5) * cellHeight + 4, { 'text-anchor': 'end' })),
      el('g', { opacity: palette.shade }, ...shades),
      ...numbers,
    ].join(''),
  };
}
