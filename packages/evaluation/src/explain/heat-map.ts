/** A grid of numbers over a picture: how much each place mattered. */

export interface HeatMap {
  readonly height: number;
  readonly width: number;
  /** [height, width] row by row. */
  readonly values: Float32Array;
}

/** The map at another size, bilinear, its cells centred on the part of the picture they stand for. */
export function resizeMap({ height, width, values }: HeatMap, toHeight: number, toWidth: number): HeatMap {
  const out = new Float32Array(toHeight * toWidth);
  const place = (i: number, to: number, size: number): { low: number; high: number; part: number } => {
    const at = Math.min(size - 1, Math.max(0, ((i + 0.5) * size) / to - 0.5));
    const low = Math.floor(at);
    return { low, high: Math.min(size - 1, low + 1), part: at - low };
  };
  for (let y = 0; y < toHeight; y++) {
    const down = place(y, toHeight, height);
    for (let x = 0; x < toWidth; x++) {
      const across = place(x, toWidth, width);
      const row = (r: number): number => {
        const left = values[r * width + across.low]!;
        return left + (values[r * width + across.high]! - left) * across.part;
      };
      const above = row(down.low);
      out[y * toWidth + x] = above + (row(down.high) - above) * down.part;
    }
  }
  return { height: toHeight, width: toWidth, values: out };
}

/** Least value 0, largest 1; a flat map is 0 everywhere. */
export function stretchMap({ height, width, values }: HeatMap): HeatMap {
  const low = values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const high = values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  return { height, width, values: values.map((v) => (high > low ? (v - low) / (high - low) : 0)) };
}
