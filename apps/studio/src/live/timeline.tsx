/** One face's probabilities over time, as bands that stand on each other. */
import { useEffect, useRef } from 'preact/hooks';
import { expressionClass } from '../photo/expression-class.ts';
import { strings } from '../strings.ts';
import type { History, Moment } from './history.ts';

/** A longer gap between two moments than this is drawn as one. */
const longestGapSeconds = 1.5;

export interface TimelineProps {
  readonly history: History;
  readonly labels: readonly string[];
  /** Id of the face; undefined: none is known. */
  readonly face: number | undefined;
  /** Length of the time axis. */
  readonly seconds: number;
  /** Where the axis lies: a camera's ends now, a film's begins at 0. */
  readonly ends: 'now' | 'with the film';
  /** Changes when there is something new to draw. */
  readonly beat: number;
}

/** Runs of moments that show the face without a gap. */
function runsOf(moments: readonly Moment[], face: number): { time: number; p: readonly number[] }[][] {
  const runs: { time: number; p: readonly number[] }[][] = [];
  for (const { time, faces } of moments) {
    const p = faces.get(face);
    if (!p) continue;
    const last = runs.at(-1)?.at(-1);
    if (last && time - last.time < longestGapSeconds) runs.at(-1)!.push({ time, p });
    else runs.push([{ time, p }]);
  }
  return runs;
}

function draw(canvas: HTMLCanvasElement, { history, labels, face, seconds, ends }: TimelineProps, colours: readonly string[]): void {
  const { clientWidth, clientHeight } = canvas;
  const scale = devicePixelRatio;
  Object.assign(canvas, { width: clientWidth * scale, height: clientHeight * scale });
  const context = canvas.getContext('2d')!;
  const { moments } = history;
  if (face === undefined || moments.length === 0) return;
  const from = ends === 'now' ? moments.at(-1)!.time - seconds : 0;
  const x = (time: number): number => ((time - from) / seconds) * canvas.width;
  for (const run of runsOf(moments, face)) {
    const below = run.map(() => 0);
    for (const k of labels.keys()) {
      const above = run.map(({ p }, i) => below[i]! + (p[k] ?? 0));
      const path = new Path2D();
      for (const [i, { time }] of run.entries()) path.lineTo(x(time), (1 - above[i]!) * canvas.height);
      for (let i = run.length - 1; i >= 0; i--) path.lineTo(x(run[i]!.time), (1 - below[i]!) * canvas.height);
      path.closePath();
      context.fillStyle = colours[k]!;
      context.fill(path);
      // Bands of like brightness stay apart.
      context.strokeStyle = 'rgb(0 0 0 / 35%)';
      context.lineWidth = 0.75 * scale;
      context.stroke(path);
      below.splice(0, below.length, ...above);
    }
  }
}

export function Timeline(props: TimelineProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const legend = useRef<HTMLUListElement>(null);
  const { labels, beat, face, seconds } = props;
  // `beat` says when the history, which changes in place, has something new.
  useEffect(() => {
    const hues = Array.from(legend.current!.children, (item) => getComputedStyle(item).getPropertyValue('--hue').trim() || '#888');
    draw(canvas.current!, props, hues);
  }, [beat, face, seconds, labels]);
  return (
    <div class="timeline">
      <canvas ref={canvas} role="img" aria-label={strings.live.timelineAlt(face)} />
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
