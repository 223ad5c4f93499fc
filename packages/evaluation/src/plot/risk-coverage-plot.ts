/** Risk against coverage: how many answers are wrong when the least sure are not given. */
import type { RiskCoverage } from '../abstention.ts';
import type { AbstainResult } from '../abstain-threshold.ts';
import { type Frame, path, xAxis, yAxis } from './axes.ts';
import type { Palette } from './palette.ts';
import { linearScale, niceDomain, percentText } from './scale.ts';
import { el, label, type Plot } from './svg.ts';

const width = 440;
const height = 372;
const frame: Frame = { left: 52, top: 34, right: 412, bottom: 320 };

interface RiskCoverageOptions {
  readonly abstain?: AbstainResult | undefined;
  /** Another model's curve, dashed. */
  readonly other?: { readonly name: string; readonly curve: RiskCoverage } | undefined;
}

export function riskCoveragePlot(curve: RiskCoverage, palette: Palette, { abstain, other }: RiskCoverageOptions = {}): Plot {
  const risks = [
    0,
    ...[...curve.points, ...(other?.curve.points ?? [])].map(({ risk }) => risk),
    ...(abstain ? [abstain.wishedRisk, abstain.judged.risk] : []),
  ];
  const x = linearScale([0, 1], [frame.left, frame.right]);
  const y = linearScale(niceDomain(risks, 0.1), [frame.bottom, frame.top]);
  const line = ({ points }: RiskCoverage, stroke: string, dash?: string): string =>
    el('path', {
      d: path(points.map(({ coverage, risk }) => [x(coverage), y(risk)])),
      fill: 'none',
      stroke,
      'stroke-width': 2,
      'stroke-linejoin': 'round',
      'stroke-dasharray': dash,
    });
  const all = curve.points.at(-1)?.risk ?? 0;
  const mark = abstain && [
    el('line', { x1: x(0), x2: x(1), y1: y(abstain.wishedRisk), y2: y(abstain.wishedRisk), stroke: palette.ink, 'stroke-dasharray': '3 3' }),
    el('circle', { cx: x(abstain.judged.coverage), cy: y(abstain.judged.risk), r: 5.5, fill: palette.ink, stroke: palette.paper }),
    label(`unsure below ${percentText(abstain.threshold)}`, x(abstain.judged.coverage) + (abstain.judged.coverage > 0.6 ? -9 : 9), y(abstain.judged.risk) - 9, {
      'text-anchor': abstain.judged.coverage > 0.6 ? 'end' : 'start',
      fill: palette.ink,
      'font-weight': 600,
      stroke: palette.paper,
      'stroke-width': 4,
      'paint-order': 'stroke',
    }),
  ];
  return {
    name: 'risk-coverage',
    title: 'Risk and coverage',
    description: `Share of wrong answers against the share of rows answered, the surest first. ${percentText(all, 1)} wrong when every row is answered; area under the curve ${curve.area.toFixed(4)}.${
      abstain
        ? ` Answering only from ${percentText(abstain.threshold)} confidence: ${percentText(abstain.judged.coverage)} answered, ${percentText(abstain.judged.risk, 1)} of them wrong.`
        : ''
    }${other ? ` Dashed: ${other.name}.` : ''}`,
    width,
    height,
    content: [
      yAxis(frame, y, 'wrong answers', palette),
      xAxis(frame, x, 'rows answered', palette),
      ...(other ? [line(other.curve, palette.second, '6 3')] : []),
      line(curve, palette.first),
      ...(mark ?? []),
    ].join(''),
  };
}
