/** The reliability diagram: how often the model is right, by how sure it is. */
import type { Calibration } from '../calibration.ts';
import { wilsonInterval } from '../metrics.ts';
import { type Frame, xAxis, yAxis } from './axes.ts';
import type { Palette } from './palette.ts';
import { linearScale, percentText } from './scale.ts';
import { el, label, type Plot } from './svg.ts';

const width = 440;
const height = 452;
const frame: Frame = { left: 52, top: 34, right: 412, bottom: 316 };
/** Bars of how many rows a bin has, below. */
const counts = { top: 366, bottom: 424 };

export function reliabilityPlot({ ece, bins }: Calibration, palette: Palette): Plot {
  const x = linearScale([0, 1], [frame.left, frame.right]);
  const y = linearScale([0, 1], [frame.bottom, frame.top]);
  const filled = bins.filter(({ n }) => n > 0);
  const most = Math.max(1, ...bins.map(({ n }) => n));
  const tall = linearScale([0, most], [0, counts.bottom - counts.top]);
  const diagonal = el('line', { x1: x(0), y1: y(0), x2: x(1), y2: y(1), stroke: palette.quiet, 'stroke-dasharray': '5 4' });
  const points = filled.map(({ n, confidence, accuracy }) => {
    const [low, high] = wilsonInterval(Math.round(accuracy * n), n);
    return (
      el('line', {
        x1: x(confidence),
        x2: x(confidence),
        y1: y(confidence),
        y2: y(accuracy),
        stroke: palette.second,
        'stroke-width': 4,
        'stroke-opacity': 0.45,
      }) +
      el('line', { x1: x(confidence), x2: x(confidence), y1: y(low), y2: y(high), stroke: palette.first, 'stroke-width': 1.5 }) +
      el('circle', { cx: x(confidence), cy: y(accuracy), r: 4.5, fill: palette.first, stroke: palette.paper })
    );
  });
  const bars = bins.map(({ low, high, n }) =>
    el('rect', {
      x: x(low) + 1,
      width: Math.max(0, x(high) - x(low) - 2),
      y: counts.bottom - tall(n),
      height: tall(n),
      fill: palette.first,
      'fill-opacity': 0.45,
    }),
  );
  const worst = filled.toSorted((a, b) => Math.abs(b.accuracy - b.confidence) - Math.abs(a.accuracy - a.confidence))[0];
  return {
    name: 'reliability',
    title: 'Reliability diagram',
    description: `Share of right answers by confidence, in ${bins.length} bins, against the diagonal of a calibrated model. Expected calibration error ${ece.toFixed(4)}.${
      worst ? ` The widest gap: ${percentText(worst.accuracy)} right at a mean confidence of ${percentText(worst.confidence)} (${worst.n} rows).` : ''
    }`,
    width,
    height,
    content: [
      yAxis(frame, y, 'right answers', palette),
      xAxis(frame, x, 'confidence of the model', palette),
      diagonal,
      ...points,
      label(`rows in each bin, at most ${most}`, frame.left, counts.bottom + 18, { fill: palette.quiet }),
      ...bars,
      el('line', { x1: frame.left, x2: frame.right, y1: counts.bottom, y2: counts.bottom, stroke: palette.quiet }),
    ].join(''),
  };
}
