/** Linear filters of single planes: what blurs and weather are made of. */

/** How places beyond the edge are filled: `mirror` is d c b | a b c d | c b a, `reflect` is c b a | a b c d | d c b, `repeat` is a a a | a b c d | d d d. */
export type Edge = 'mirror' | 'reflect' | 'repeat';

function inside(place: number, size: number, edge: Edge): number {
  if (place >= 0 && place < size) return place;
  if (edge === 'repeat' || size === 1) return place < 0 ? 0 : size - 1;
  const period = edge === 'mirror' ? 2 * size - 2 : 2 * size;
  const folded = ((place % period) + period) % period;
  if (folded < size) return folded;
  return edge === 'mirror' ? period - folded : period - 1 - folded;
}

/** A filter as a list of neighbours and their weights. */
export interface Tap {
  readonly dx: number;
  readonly dy: number;
  readonly weight: number;
}

/** out(x, y) = Σ weight · plane(x + dx, y + dy). plane [H,W] → [H,W]. */
export function correlate(plane: Float32Array, height: number, width: number, taps: readonly Tap[], edge: Edge): Float32Array {
  const out = new Float32Array(plane.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let sum = 0;
      for (const { dx, dy, weight } of taps) sum += weight * plane[inside(y + dy, height, edge) * width + inside(x + dx, width, edge)]!;
      out[y * width + x] = sum;
    }
  }
  return out;
}

/** Gaussian blur of a plane [H,W], separable, cut off at `reach` standard deviations; sigma in pixels, 0 changes nothing. */
export function gaussianBlur(plane: Float32Array, height: number, width: number, sigma: number, edge: Edge = 'repeat', reach = 4): Float32Array {
  const radius = Math.round(reach * sigma);
  if (radius === 0) return plane.slice();
  const weights = Array.from({ length: 2 * radius + 1 }, (_, i) => Math.exp(-((i - radius) ** 2) / (2 * sigma * sigma)));
  const total = weights.reduce((a, b) => a + b, 0);
  const across = weights.map((weight, i) => ({ dx: i - radius, dy: 0, weight: weight / total }));
  const down = across.map(({ dx, weight }) => ({ dx: 0, dy: dx, weight }));
  return correlate(correlate(plane, height, width, down, edge), height, width, across, edge);
}

/** Bilinear sample of a plane [H,W] at a place between pixel centres. */
export function sample(plane: Float32Array, height: number, width: number, x: number, y: number, edge: Edge): number {
  const left = Math.floor(x);
  const top = Math.floor(y);
  const at = (row: number, column: number): number => plane[inside(row, height, edge) * width + inside(column, width, edge)]!;
  const above = at(top, left) + (at(top, left + 1) - at(top, left)) * (x - left);
  const below = at(top + 1, left) + (at(top + 1, left + 1) - at(top + 1, left)) * (x - left);
  return above + (below - above) * (y - top);
}

/**
 * The middle of a plane [H,W] enlarged by `zoom` ≥ 1, bilinear, its outermost samples staying outermost → [H,W]. The part
 * that is enlarged has ⌈side / zoom⌉ samples.
 */
export function enlarge(plane: Float32Array, height: number, width: number, zoom: number): Float32Array {
  const axis = (size: number): { from: number; step: number } => {
    const taken = Math.ceil(size / zoom);
    const made = Math.round(taken * zoom);
    const step = made > 1 ? (taken - 1) / (made - 1) : 0;
    return { from: ((size - taken) >> 1) + ((made - size) >> 1) * step, step };
  };
  const across = axis(width);
  const down = axis(height);
  const out = new Float32Array(plane.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) out[y * width + x] = sample(plane, height, width, across.from + x * across.step, down.from + y * down.step, 'repeat');
  }
  return out;
}

/**
 * A smear to one side, as ImageMagick's `-motion-blur`: a half Gaussian of standard deviation `sigma` over `radius` pixels
 * each way, laid along `angle` (radians). The edge is repeated.
 */
export function motionTaps(radius: number, sigma: number, angle: number): Tap[] {
  const length = 2 * Math.ceil(radius) + 1;
  const weights = Array.from({ length }, (_, i) => Math.exp((-i * i) / (2 * sigma * sigma)));
  const total = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight, i) => ({ dx: Math.ceil(i * Math.cos(angle) - 0.5), dy: Math.ceil(i * Math.sin(angle) - 0.5), weight: weight / total }));
}
