/** Class-activation maps: what of the network's last map speaks for a class, and where. */
import type { HeatMap } from './heat-map.ts';
import type { LookingGlass } from './looking-glass.ts';

/** Maps in one run of the tail. */
const batch = 64;

/**
 * How the logit of class k grows when channel c of the last map grows everywhere alike: Grad-CAM's weight α (Selvaraju et
 * al. 2017, eq. 1) times the number of places, [C]; `map` [C,H,W] is where the slope is taken. By differentiation where the glass
 * has it, else by central differences.
 */
export async function channelWeights(glass: LookingGlass, map: Float32Array, k: number): Promise<Float32Array> {
  if (!glass.slopes) return measuredWeights(glass, map, k);
  const [C, H, W] = glass.lastMap!.shape;
  const slopes = await glass.slopes.at(map, k);
  return Float32Array.from({ length: C }, (_, c) => slopes.subarray(c * H * W, (c + 1) * H * W).reduce((sum, slope) => sum + slope, 0));
}

/** The same by central differences through the network's own tail, which is exact where the tail is linear. */
export async function measuredWeights(glass: LookingGlass, map: Float32Array, k: number): Promise<Float32Array> {
  const [C, H, W] = glass.lastMap!.shape;
  const plane = H * W;
  const K = glass.head.labels.length;
  const size = Math.sqrt(map.reduce((sum, v) => sum + v * v, 0) / map.length);
  // Small beside the map's values where the tail bends, large enough for float32; a straight tail has the same slope everywhere.
  const step = (glass.lastMap!.linear ? 1 : 0.02) * (size || 1);
  const weights = new Float32Array(C);
  for (let from = 0; from < C; from += batch / 2) {
    const count = Math.min(batch / 2, C - from);
    const moved = new Float32Array(2 * count * map.length);
    for (let i = 0; i < count; i++) {
      for (const side of [0, 1]) {
        const at = (2 * i + side) * map.length;
        moved.set(map, at);
        for (let p = 0; p < plane; p++) moved[at + (from + i) * plane + p]! += side === 0 ? step : -step;
      }
    }
    const logits = await glass.logitsOfMaps(moved);
    for (let i = 0; i < count; i++) weights[from + i] = (logits[2 * i * K + k]! - logits[(2 * i + 1) * K + k]!) / (2 * step);
  }
  return weights;
}

/** Σ_c weight_c · map_c, [H,W]; `rectified` leaves out what speaks against the class, as Grad-CAM does (eq. 2). */
export function weighMap(glass: LookingGlass, map: Float32Array, weights: Float32Array, rectified: boolean): HeatMap {
  const [C, height, width] = glass.lastMap!.shape;
  const values = new Float32Array(height * width);
  for (let c = 0; c < C; c++) for (let p = 0; p < values.length; p++) values[p]! += weights[c]! * map[c * values.length + p]!;
  return { height, width, values: rectified ? values.map((v) => Math.max(0, v)) : values };
}
