/** Geometry: all flips, affines and the crop of a list become one inverse affine map, and the image is sampled once. */
import type { Rng } from '../random.ts';
import type { Geometry } from './compile.ts';
import type { GeometricOp } from './schema.ts';

/** Maps a pixel of the output to a place in the source: x' = a·x + b·y + c, y' = d·x + e·y + f, pixel centres at integers. */
export interface AffineMap {
  a: number;
  b: number;
  c: number;
  d: number;
  e: number;
  f: number;
}

// In 64 bits, so that rounded to 32 it gives v / 255 for every v in 0…255.
const scale = 1 / 255;

export type Fill = 'nearest' | 'reflect' | 'constant';

/**
 * Draws a map for one sample into `map`. Every operation takes the same count of random numbers whether it applies or
 * not, so that changing one leaves the draws of the others as they were.
 */
export function drawMap(ops: readonly GeometricOp[], geometry: Geometry, rng: Rng, map: AffineMap): void {
  const { height, width, outHeight, outWidth } = geometry;
  const centreX = (width - 1) / 2;
  const centreY = (height - 1) / 2;
  let offsetX = Math.floor((width - outWidth) / 2);
  let offsetY = Math.floor((height - outHeight) / 2);
  setIdentity(map);
  for (const op of ops) {
    if (op.op === 'flip') {
      if (rng.next() < op.probability) compose(map, -1, 0, width - 1, 0, 1, 0);
    } else if (op.op === 'crop') {
      offsetX = rng.int(width - outWidth + 2 * op.paddingPx + 1) - op.paddingPx;
      offsetY = rng.int(height - outHeight + 2 * op.paddingPx + 1) - op.paddingPx;
    } else {
      const applies = rng.next() < op.probability;
      const angle = ((rng.next() * 2 - 1) * op.rotateDeg * Math.PI) / 180;
      const [shareX, shareY] = typeof op.shift === 'number' ? [op.shift, op.shift] : op.shift;
      const shiftX = (rng.next() * 2 - 1) * shareX * width;
      const shiftY = (rng.next() * 2 - 1) * shareY * height;
      const zoom = op.zoom[0] + (op.zoom[1] - op.zoom[0]) * rng.next();
      if (applies) {
        const cos = Math.cos(angle) / zoom;
        const sin = Math.sin(angle) / zoom;
        const x = centreX + shiftX;
        const y = centreY + shiftY;
        compose(map, cos, sin, centreX - cos * x - sin * y, -sin, cos, centreY + sin * x - cos * y);
      }
    }
  }
  // The window is cut from the transformed image, wherever in the list the crop stands.
  map.c += map.a * offsetX + map.b * offsetY;
  map.f += map.d * offsetX + map.e * offsetY;
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

export function setIdentity(map: AffineMap): void {
  map.a = 1;
  map.b = 0;
  map.c = 0;
  map.d = 0;
  map.e = 1;
  map.f = 0;
}

/**
 * Bilinear samples of src [C,H,W] 0…255 → out [C,outH,outW] 0…1. At integer places the source's own values, exactly.
 * @param value grey level 0…1 beyond the edge under fill `constant`.
 */
export function warp(
  src: Uint8Array,
  srcOffset: number,
  geometry: Geometry,
  map: AffineMap,
  fill: Fill,
  value: number,
  out: Float32Array,
  outOffset: number,
): void {
  const { channels, height, width, outHeight, outWidth } = geometry;
  const plane = height * width;
  const outPlane = outHeight * outWidth;
  const { a, b, c, d, e, f } = map;
  const right = width - 1;
  const bottom = height - 1;
  let at = outOffset;
  for (let y = 0; y < outHeight; y++) {
    const rowX = b * y + c;
    const rowY = e * y + f;
    for (let x = 0; x < outWidth; x++, at++) {
      let sx = a * x + rowX;
      let sy = d * x + rowY;
      if (sx < 0 || sx > right || sy < 0 || sy > bottom) {
        if (fill === 'constant' && (sx < -0.5 || sx > width - 0.5 || sy < -0.5 || sy > height - 0.5)) {
          for (let channel = 0; channel < channels; channel++) out[at + channel * outPlane] = value;
          continue;
        }
        if (fill === 'reflect') {
          sx = mirror(sx, width);
          sy = mirror(sy, height);
        }
        sx = sx < 0 ? 0 : sx > right ? right : sx;
        sy = sy < 0 ? 0 : sy > bottom ? bottom : sy;
      }
      const x0 = sx | 0;
      const y0 = sy | 0;
      const fx = sx - x0;
      const fy = sy - y0;
      const stepX = x0 < right ? 1 : 0;
      const stepY = y0 < bottom ? width : 0;
      let corner = srcOffset + y0 * width + x0;
      if (channels === 1) {
        const topLeft = src[corner] as number;
        const bottomLeft = src[corner + stepY] as number;
        const top = topLeft + ((src[corner + stepX] as number) - topLeft) * fx;
        const below = bottomLeft + ((src[corner + stepY + stepX] as number) - bottomLeft) * fx;
        out[at] = (top + (below - top) * fy) * scale;
        continue;
      }
      for (let channel = 0; channel < channels; channel++) {
        const topLeft = src[corner] as number;
        const bottomLeft = src[corner + stepY] as number;
        const top = topLeft + ((src[corner + stepX] as number) - topLeft) * fx;
        const below = bottomLeft + ((src[corner + stepY + stepX] as number) - bottomLeft) * fx;
        out[at + channel * outPlane] = (top + (below - top) * fy) * scale;
        corner += plane;
      }
    }
  }
}

/** Folds a place back into the image, mirrored at the outer edges of the edge pixels: d c b a | a b c d | d c b a. */
function mirror(place: number, size: number): number {
  const period = 2 * size;
  const folded = (((place + 0.5) % period) + period) % period;
  return (folded < size ? folded : period - folded) - 0.5;
}
