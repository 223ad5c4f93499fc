/** One figure of several runs over their epochs. */
import type { RunEpoch, TrainingRun } from '@mien/server/api';
import { strings } from '../strings.ts';
import { lineLook } from './line-look.ts';

/** Of the drawing, in its own units. */
const size = { width: 640, height: 300, left: 64, bottom: 34, top: 12, right: 14 } as const;

export interface CurvesProps {
  readonly title: string;
  readonly runs: readonly TrainingRun[];
  readonly figureOf: (epoch: RunEpoch) => number;
  readonly format: (value: number) => string;
}

export function Curves({ title, runs, figureOf, format }: CurvesProps) {
  const values = runs.flatMap(({ epochs }) => epochs.map(figureOf)).filter(Number.isFinite);
  const lastEpoch = Math.max(2, ...runs.map(({ epochs, plannedEpochs }) => plannedEpochs ?? epochs.at(-1)?.epoch ?? 0));
  const low = Math.min(...values);
  const high = Math.max(...values, low + 1e-6);
  const x = (epoch: number): number => size.left + ((epoch - 1) / (lastEpoch - 1)) * (size.width - size.left - size.right);
  const y = (value: number): number => size.top + (1 - (value - low) / (high - low)) * (size.height - size.top - size.bottom);
  const ticks = values.length === 0 ? [] : [low, (low + high) / 2, high];
  return (
    <figure class="curves">
      <figcaption>{title}</figcaption>
      <svg
        viewBox={`0 0 ${size.width} ${size.height}`}
        role="img"
        aria-label={strings.train.curvesAlt(
          title,
          runs.map(({ name }) => name),
        )}
      >
        {ticks.map((value) => (
          <g key={value}>
            <line class="grid" x1={size.left} x2={size.width - size.right} y1={y(value)} y2={y(value)} />
            <text x={size.left - 8} y={y(value) + 5} text-anchor="end">
              {format(value)}
            </text>
          </g>
        ))}
        <text x={size.left} y={size.height - 8}>
          1
        </text>
        <text x={size.width - size.right} y={size.height - 8} text-anchor="end">
          {strings.train.epochAxis(lastEpoch)}
        </text>
        {runs.map(({ name, epochs }, place) => {
          const { style, dash } = lineLook(place);
          const points = epochs.filter((epoch) => Number.isFinite(figureOf(epoch)));
          return (
            <g key={name} class={style} stroke="currentColor" fill="currentColor">
              <polyline
                fill="none"
                stroke-width="2.5"
                stroke-dasharray={dash}
                points={points.map((epoch) => `${x(epoch.epoch)},${y(figureOf(epoch))}`).join(' ')}
              />
              {points.map((epoch) => (
                <circle key={epoch.epoch} cx={x(epoch.epoch)} cy={y(figureOf(epoch))} r="3">
                  <title>{strings.train.point(name, epoch.epoch, format(figureOf(epoch)))}</title>
                </circle>
              ))}
            </g>
          );
        })}
      </svg>
    </figure>
  );
}
