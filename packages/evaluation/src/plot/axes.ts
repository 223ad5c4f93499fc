/** A frame with grid, ticks and titles. */
import type { Palette } from './palette.ts';
import { percentText, type Scale, ticks } from './scale.ts';
import { el, label } from './svg.ts';

export interface Frame {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** Vertical grid lines with their values below the frame, and the axis' title. */
export function xAxis(frame: Frame, scale: Scale, title: string, { line, quiet }: Palette, format = percentText): string {
  const marks = ticks(scale.domain).map(
    (value) =>
      el('line', { x1: scale(value), x2: scale(value), y1: frame.top, y2: frame.bottom, stroke: line }) +
      label(format(value), scale(value), frame.bottom + 17, { 'text-anchor': 'middle', fill: quiet }),
  );
  return marks.join('') + label(title, (frame.left + frame.right) / 2, frame.bottom + 36, { 'text-anchor': 'middle', fill: quiet });
}

/** Horizontal grid lines with their values left of the frame, and the axis' title above it. */
export function yAxis(frame: Frame, scale: Scale, title: string, { line, quiet }: Palette, format = percentText): string {
  const marks = ticks(scale.domain).map(
    (value) =>
      el('line', { x1: frame.left, x2: frame.right, y1: scale(value), y2: scale(value), stroke: line }) +
      label(format(value), frame.left - 7, scale(value) + 4, { 'text-anchor': 'end', fill: quiet }),
  );
  return marks.join('') + label(title, frame.left, frame.top - 11, { fill: quiet });
}

/** A polyline through places. */
export function path(points: readonly (readonly [number, number])[]): string {
  return points.map(([x, y], i) => `${i === 0 ? 'M' : 'L'}${x.toFixed(1)},${y.toFixed(1)}`).join('');
}
