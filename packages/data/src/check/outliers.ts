/** Values that stand far from the others. */

/** Outside: this many times the distance between the quartiles beyond them (Tukey 1977). */
const fences = 1.5;

/** Numbers whose value lies well below or above the rest, most extreme first, and the limits used. */
export function outside(values: ArrayLike<number>): { low: number[]; high: number[]; limits: [low: number, high: number] } {
  const sorted = Float64Array.from(values).sort();
  const [lower, upper] = [quantile(sorted, 0.25), quantile(sorted, 0.75)];
  const limits: [number, number] = [lower - fences * (upper - lower), upper + fences * (upper - lower)];
  const low: number[] = [];
  const high: number[] = [];
  for (let i = 0; i < values.length; i++) {
    if ((values[i] as number) < limits[0]) low.push(i);
    else if ((values[i] as number) > limits[1]) high.push(i);
  }
  low.sort((a, b) => (values[a] as number) - (values[b] as number));
  high.sort((a, b) => (values[b] as number) - (values[a] as number));
  return { low, high, limits };
}

/** Linear between neighbours; NaN for no values. */
function quantile(sorted: Float64Array, part: number): number {
  const at = part * (sorted.length - 1);
  const below = sorted[Math.floor(at)] ?? Number.NaN;
  const above = sorted[Math.ceil(at)] ?? below;
  return below + (above - below) * (at - Math.floor(at));
}
