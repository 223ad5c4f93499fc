/** One face's probabilities over time, as bands that stand on each other above their time axis. */
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { expressionClass } from '../photo/expression-class.ts';
import { strings } from '../strings.ts';
import type { History } from './history.ts';
import { axisMarks } from './timeline-axis.ts';
import { type Bands, type DrawnBands, drawBands } from './timeline-bands.ts';

export interface TimelineProps extends Pick<Bands, 'labels' | 'face' | 'seconds' | 'ends'> {
  readonly history: History;
  /** Changes when there is something new to draw. */
  readonly beat: number;
  /** What lies over the bands. */
  readonly children?: ComponentChildren;
}

const axisLook = {
  display: 'grid',
  // The middle mark stands in the middle, however wide the others are.
  gridTemplateColumns: '1fr auto 1fr',
  marginTop: '0.35rem',
  color: 'var(--muted)',
  fontSize: '0.8125rem',
  fontVariantNumeric: 'tabular-nums',
};

export function Timeline({ history, labels, face, seconds, ends, beat, children }: TimelineProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const legend = useRef<HTMLUListElement>(null);
  const drawn = useRef<DrawnBands>(undefined);
  // `beat` says when the history, which changes in place, has something new.
  useEffect(() => {
    const colours = Array.from(legend.current!.children, (item) => getComputedStyle(item).getPropertyValue('--hue').trim() || '#888');
    drawn.current = drawBands(canvas.current!, { moments: history.moments, labels, colours, face, seconds, ends }, drawn.current);
  }, [history, beat, face, seconds, ends, labels]);
  const [from, middle, to] = axisMarks(ends, seconds);
  return (
    <div class="timeline">
      <canvas ref={canvas} role="img" aria-label={strings.live.timelineAlt(face, from, to)} />
      {children}
      {/* Heard as part of what the picture is called. */}
      <div aria-hidden="true" style={axisLook}>
        <span>{from}</span>
        <span>{middle}</span>
        <span style={{ textAlign: 'end' }}>{to}</span>
      </div>
      <ul ref={legend} class="legend">
        {labels.map((label, place) => (
          <li key={label} class={expressionClass(label, place)}>
            {strings.expressions[label] ?? label}
          </li>
        ))}
      </ul>
    </div>
  );
}
