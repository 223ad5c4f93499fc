/** Cloud-like height maps by the diamond-square method (Fournier, Fussell & Carpenter 1982), as fog needs them. */
import type { Rng } from '@mien/data';

/**
 * A map [height,width] in 0…1, cut from one whose side is a power of two and whose edges meet. Each round halves the
 * step; a point is the mean of its four neighbours, moved by up to ±wobble², where wobble begins at 100 and is divided by
 * `decay` a round: small decays give rough maps.
 */
export function clouds(height: number, width: number, decay: number, random: Rng): Float32Array {
  let side = 1;
  while (side < Math.max(height, width)) side *= 2;
  const map = new Float64Array(side * side);
  const at = (y: number, x: number): number => ((y + side) % side) * side + ((x + side) % side);
  let wobble = 100;
  const settle = (y: number, x: number, neighbours: readonly (readonly [number, number])[]): void => {
    const mean = neighbours.reduce((sum, [dy, dx]) => sum + map[at(y + dy, x + dx)]!, 0) / neighbours.length;
    map[at(y, x)] = mean + wobble * wobble * (2 * random.next() - 1);
  };
  for (let step = side; step >= 2; step /= 2, wobble /= decay) {
    const half = step / 2;
    const corners = [
      [-half, -half],
      [-half, half],
      [half, -half],
      [half, half],
    ] as const;
    const beside = [
      [-half, 0],
      [half, 0],
      [0, -half],
      [0, half],
    ] as const;
    for (let y = half; y < side; y += step) for (let x = half; x < side; x += step) settle(y, x, corners);
    for (let y = 0; y < side; y += half) for (let x = y % step === 0 ? half : 0; x < side; x += step) settle(y, x, beside);
  }
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const v of map) [low, high] = [Math.min(low, v), Math.max(high, v)];
  const spread = high - low || 1;
  return Float32Array.from({ length: height * width }, (_, p) => (map[Math.floor(p / width) * side + (p % width)]! - low) / spread);
}
