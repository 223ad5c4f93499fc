/** One bilinear sampling of an image through an affine map. */
import type { AffineMap } from './affine-map.ts';
import type { Geometry } from './compile.ts';

// In 64 bits, so that rounded to 32 it gives v / 255 for every v in 0…255.
const scale = 1 / 255;

export type Fill = 'nearest' | 'reflect' | 'constant';

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
  if (isWindow(map, geometry)) {
    copyWindow(src, srcOffset, geometry, map, out, outOffset);
    return;
  }
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

/** Whether the map reads whole pixels of a window within the image, as they are or mirrored: nothing to interpolate. */
function isWindow({ a, b, c, d, e, f }: AffineMap, { height, width, outHeight, outWidth }: Geometry): boolean {
  if ((a !== 1 && a !== -1) || b !== 0 || d !== 0 || e !== 1 || !Number.isInteger(c) || !Number.isInteger(f)) return false;
  const end = c + a * (outWidth - 1);
  return c >= 0 && c < width && end >= 0 && end < width && f >= 0 && f + outHeight <= height;
}

function copyWindow(src: Uint8Array, srcOffset: number, geometry: Geometry, map: AffineMap, out: Float32Array, outOffset: number): void {
  const { channels, height, width, outHeight, outWidth } = geometry;
  const step = map.a;
  let at = outOffset;
  for (let channel = 0; channel < channels; channel++) {
    for (let y = 0; y < outHeight; y++) {
      let from = srcOffset + (channel * height + map.f + y) * width + map.c;
      for (let x = 0; x < outWidth; x++, at++, from += step) out[at] = (src[from] as number) * scale;
    }
  }
}

/** Folds a place back into the image, mirrored at the outer edges of the edge pixels: d c b a | a b c d | d c b a. */
function mirror(place: number, size: number): number {
  const period = 2 * size;
  const folded = (((place + 0.5) % period) + period) % period;
  return (folded < size ? folded : period - folded) - 0.5;
}
