/** Affine maps of the plane, and what flips, turns and shifts do to one. */
import type { Geometry } from './compile.ts';

/** Maps a pixel of the output to a place in the source: x' = a·x + b·y + c, y' = d·x + e·y + f, pixel centres at integers. */
export interface AffineMap {
  a: number;
  b: number;
  c: number;
  d: number;
  e: number;
  f: number;
}

export function identityMap(): AffineMap {
  return { a: 1, b: 0, c: 0, d: 0, e: 1, f: 0 };
}

export function setIdentity(map: AffineMap): void {
  map.a = 1;
  map.b = 0;
  map.c = 0;
  map.d = 0;
  map.e = 1;
  map.f = 0;
}

/** Turns by −roll about the centre, as faces are turned whose eyes are to lie level: what ran along (cos roll, sin roll) runs level. */
export function setLevel(map: AffineMap, { height, width }: Geometry, rollRad: number): void {
  setIdentity(map);
  if (rollRad !== 0) turnAndMove(map, { height, width }, -rollRad, 1, 0, 0);
}

/** Mirrors left and right. */
export function flip(map: AffineMap, { width }: Geometry): void {
  compose(map, -1, 0, width - 1, 0, 1, 0);
}

/** Turns counter-clockwise by `angle` (radians) and scales by `zoom` about the centre, then moves by pixels. */
export function turnAndMove(
  map: AffineMap,
  { height, width }: Pick<Geometry, 'height' | 'width'>,
  angle: number,
  zoom: number,
  shiftX: number,
  shiftY: number,
): void {
  const centreX = (width - 1) / 2;
  const centreY = (height - 1) / 2;
  const cos = Math.cos(angle) / zoom;
  const sin = Math.sin(angle) / zoom;
  const x = centreX + shiftX;
  const y = centreY + shiftY;
  compose(map, cos, sin, centreX - cos * x - sin * y, -sin, cos, centreY + sin * x - cos * y);
}

/** Slants about the centre: x moves by slopeX · (y − centre), y by slopeY · (x − centre); one of them is 0. */
export function shear(map: AffineMap, { height, width }: Geometry, slopeX: number, slopeY: number): void {
  compose(map, 1, -slopeX, (slopeX * (height - 1)) / 2, -slopeY, 1, (slopeY * (width - 1)) / 2);
}

/** Moves the window that is read by whole pixels. */
export function moveWindow(map: AffineMap, x: number, y: number): void {
  map.c += map.a * x + map.b * y;
  map.f += map.d * x + map.e * y;
}

/** map ← map ∘ inverse: operations come in the order they act on the image, their inverses therefore from the inside. */
function compose(map: AffineMap, a: number, b: number, c: number, d: number, e: number, f: number): void {
  const { a: ma, b: mb, d: md, e: me } = map;
  map.c += ma * c + mb * f;
  map.f += md * c + me * f;
  map.a = ma * a + mb * d;
  map.b = ma * b + mb * e;
  map.d = md * a + me * d;
  map.e = md * b + me * e;
}
