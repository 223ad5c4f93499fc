import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Moment } from './history.ts';
import { type Bands, drawBands, firstNeeded, runsOf } from './timeline-bands.ts';

/** Corners of a path, as they come. */
class Path {
  readonly points: [number, number][] = [];
  lineTo(x: number, y: number): void {
    this.points.push([x, y]);
  }
  closePath(): void {}
}

/** A canvas that remembers what was filled on it since `drawn` was emptied, and from which column on. */
function fakeCanvas(clientWidth: number) {
  const drawn: { from: number; colour: string; points: [number, number][] }[] = [];
  const context = {
    fillStyle: '',
    clearRect(x: number) {
      cleared = x;
    },
    save() {},
    restore() {},
    beginPath() {},
    rect() {},
    clip() {},
    stroke() {},
    fill: ({ points }: Path) => drawn.push({ from: cleared, colour: context.fillStyle, points }),
  };
  let cleared = 0;
  return { canvas: { clientWidth, clientHeight: 100, width: 0, height: 0, getContext: () => context } as unknown as HTMLCanvasElement, drawn };
}

const moment = (time: number, happy: number, face = 1): Moment => ({ time, faces: new Map([[face, [happy, 1 - happy]]]) });
const look: Omit<Bands, 'moments'> = { labels: ['happy', 'sad'], colours: ['gold', 'blue'], face: 1, seconds: 300, ends: 'with the film' };

beforeEach(() => {
  vi.stubGlobal('devicePixelRatio', 1);
  vi.stubGlobal('Path2D', Path);
});
afterEach(() => vi.unstubAllGlobals());

test('a face that is gone for long begins anew, a short gap is bridged', () => {
  const moments = [moment(0, 1), moment(0.1, 1), moment(0.2, 1, 2), moment(1, 1), moment(3, 1)];
  expect(runsOf(moments, 1).map((run) => run.map(({ time }) => time))).toEqual([[0, 0.1, 1], [3]]);
  expect(runsOf(moments, 1, 3).flat()).toHaveLength(2);
  expect(runsOf(moments, 7)).toEqual([]);
  expect([firstNeeded(moments, 3), firstNeeded(moments, 1.55), firstNeeded(moments, 0), firstNeeded([], 1)]).toEqual([4, 1, 0, 0]);
});

test('as a film goes on each look costs the same, and what is drawn is what drawing everything draws there', () => {
  const { canvas, drawn } = fakeCanvas(600);
  const moments: Moment[] = [];
  let before: ReturnType<typeof drawBands> | undefined;
  let most = 0;
  for (let i = 0; i < 3000; i++) {
    moments.push(moment(i / 10, Math.abs(Math.sin(i))));
    drawn.length = 0;
    before = drawBands(canvas, { ...look, moments }, before);
    most = Math.max(most, drawn.flatMap(({ points }) => points).length);
  }
  // Two bands with two sides, of two seconds or so; everything would be 12,000 corners.
  expect(most).toBeLessThan(200);
  const { from } = drawn[0]!;
  expect(from).toBeGreaterThan(590);
  const visible = (): unknown => drawn.map(({ colour, points }) => [colour, points.filter(([x]) => x >= from - 1)]);
  const part = visible();
  drawn.length = 0;
  drawBands(canvas, { ...look, moments }, undefined);
  expect(drawn[0]!.from).toBe(0);
  expect(visible()).toEqual(part);
});

test('another face, size or film is drawn in full, and a camera always is', () => {
  const { canvas, drawn } = fakeCanvas(600);
  const moments = Array.from({ length: 100 }, (_, i) => moment(200 + i / 10, 0.5));
  const from = (bands: Bands, before: ReturnType<typeof drawBands> | undefined): number => {
    drawn.length = 0;
    drawBands(canvas, bands, before);
    return drawn[0]!.from;
  };
  const bands = { ...look, moments };
  const before = drawBands(canvas, bands, undefined);
  expect(from(bands, before)).toBeGreaterThan(0);
  expect(from({ ...bands, seconds: 400 }, before)).toBe(0);
  expect(from({ ...bands, moments: [...moments] }, before)).toBe(0);
  expect(from({ ...bands, ends: 'now' }, drawBands(canvas, { ...bands, ends: 'now' }, undefined))).toBe(0);
  Object.assign(canvas, { clientWidth: 300 });
  expect(from(bands, before)).toBe(0);
  drawn.length = 0;
  drawBands(canvas, { ...bands, face: 2 }, before);
  expect(drawn).toEqual([]);
  // A clock that jumped back began the history afresh.
  moments.splice(0, 100, moment(1, 0.5));
  expect(from(bands, drawBands(canvas, bands, before))).toBe(0);
});
