/**
 * The bands of a timeline on a canvas. The whole is drawn once; when a film goes on, only from the last columns on: each look costs the same,
 * however long the film is.
 */
import type { Moment } from './history.ts';

/** A longer gap between two moments than this is drawn as one. */
const longestGapSeconds = 1.5;

export interface Bands {
  readonly moments: readonly Moment[];
  readonly labels: readonly string[];
  /** Of each label. */
  readonly colours: readonly string[];
  /** Id of the face; undefined: none is known. */
  readonly face: number | undefined;
  /** Length of the time axis. */
  readonly seconds: number;
  /** Where the axis lies: a camera's ends now, a film's begins at 0. */
  readonly ends: 'now' | 'with the film';
}

/** What is on a canvas. */
export interface DrawnBands {
  /** All that would make it another drawing. */
  readonly key: string;
  readonly moments: readonly Moment[];
  readonly count: number;
  /** Time of the last moment. */
  readonly until: number;
}

/** Whether `moments` are those that were drawn, with more at their end. */
function goesOn(drawn: DrawnBands | undefined, key: string, { moments, ends }: Bands): drawn is DrawnBands {
  // A camera's axis moves on: all of it is new.
  if (ends === 'now' || drawn?.key !== key || drawn.moments !== moments) return false;
  return moments[drawn.count - 1]?.time === drawn.until;
}

/** Index of the first moment that can be seen from `fromSeconds` on: one before it may be joined to one behind it. Looked for from the end. */
export function firstNeeded(moments: readonly Moment[], fromSeconds: number): number {
  let first = moments.length;
  while (first > 0 && moments[first - 1]!.time >= fromSeconds - longestGapSeconds) first--;
  return first;
}

/** Runs of moments that show the face without a gap, from index `first` on. */
export function runsOf(moments: readonly Moment[], face: number, first = 0): { time: number; p: readonly number[] }[][] {
  const runs: { time: number; p: readonly number[] }[][] = [];
  for (let i = first; i < moments.length; i++) {
    const { time, faces } = moments[i]!;
    const p = faces.get(face);
    if (!p) continue;
    const last = runs.at(-1)?.at(-1);
    if (last && time - last.time < longestGapSeconds) runs.at(-1)!.push({ time, p });
    else runs.push([{ time, p }]);
  }
  return runs;
}

/** Draws what is new against `drawn`, or everything; returns what is drawn now. */
export function drawBands(canvas: HTMLCanvasElement, bands: Bands, drawn: DrawnBands | undefined): DrawnBands {
  const { moments, labels, colours, face, seconds, ends } = bands;
  const scale = devicePixelRatio;
  const width = Math.round(canvas.clientWidth * scale);
  const height = Math.round(canvas.clientHeight * scale);
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const until = moments.at(-1)?.time ?? 0;
  const key = JSON.stringify([face, seconds, ends, width, height, labels, colours]);
  const from = ends === 'now' ? until - seconds : 0;
  const x = (time: number): number => ((time - from) / seconds) * width;
  // The last line drawn, its width and its half-covered pixels are drawn anew.
  const column = goesOn(drawn, key, bands) ? Math.max(0, Math.floor(x(drawn.until)) - Math.ceil(scale) - 1) : 0;
  const context = canvas.getContext('2d')!;
  context.clearRect(column, 0, width - column, height);
  if (face !== undefined) {
    context.save();
    context.beginPath();
    context.rect(column, 0, width - column, height);
    context.clip();
    const first = column === 0 ? 0 : firstNeeded(moments, from + ((column - scale) / width) * seconds);
    for (const run of runsOf(moments, face, first)) {
      const below = run.map(() => 0);
      for (const k of labels.keys()) {
        const above = run.map(({ p }, i) => below[i]! + (p[k] ?? 0));
        const path = new Path2D();
        for (const [i, { time }] of run.entries()) path.lineTo(x(time), (1 - above[i]!) * height);
        for (let i = run.length - 1; i >= 0; i--) path.lineTo(x(run[i]!.time), (1 - below[i]!) * height);
        path.closePath();
        context.fillStyle = colours[k]!;
        context.fill(path);
        // Bands of like brightness stay apart.
        context.strokeStyle = 'rgb(0 0 0 / 35%)';
        context.lineWidth = 0.75 * scale;
        context.stroke(path);
        for (const [i, value] of above.entries()) below[i] = value;
      }
    }
    context.restore();
  }
  return { key, moments, count: moments.length, until };
}
