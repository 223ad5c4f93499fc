/** How much a label flickers, and what taking the flicker away costs in time. */

/** One frame: its time in seconds and the index of the label shown. */
export interface LabelledFrame {
  readonly time: number;
  readonly label: number;
}

/** How often the label changes from one frame to the next. */
export function countSwitches(frames: readonly LabelledFrame[]): number {
  let switches = 0;
  for (let i = 1; i < frames.length; i++) if (frames[i]!.label !== frames[i - 1]!.label) switches++;
  return switches;
}

/** Label changes a minute; 0 for fewer than two frames. Times must grow. */
export function switchesPerMinute(frames: readonly LabelledFrame[]): number {
  const seconds = frames.length < 2 ? 0 : frames.at(-1)!.time - frames[0]!.time;
  return seconds > 0 ? (countSwitches(frames) * 60) / seconds : 0;
}

/**
 * The delay of a smoothed signal against the raw one, in seconds: the shift in 0…`longest` at which the two agree best
 * (least mean squared difference over all entries, the raw signal interpolated between frames). Frames [T] of times, signals [T][K].
 * NaN where the raw signal does not change, because then every delay agrees.
 */
export function alignmentLag(times: readonly number[], raw: readonly ArrayLike<number>[], smoothed: readonly ArrayLike<number>[], longest = 1): number {
  const stepSeconds = 0.005;
  const from = times[0]! + longest;
  const first = times.findIndex((time) => time >= from);
  if (first < 0) return Number.NaN;
  const varies = raw.some((row) => Array.from(row).some((v, k) => v !== raw[0]![k]));
  if (!varies) return Number.NaN;
  let best = Number.POSITIVE_INFINITY;
  let bestLag = 0;
  for (let lag = 0; lag <= longest + 1e-9; lag += stepSeconds) {
    let sum = 0;
    let at = 0;
    for (let t = first; t < times.length; t++) {
      const moment = times[t]! - lag;
      while (times[at + 1]! < moment) at++;
      const share = (moment - times[at]!) / (times[at + 1]! - times[at]!);
      for (let k = 0; k < raw[at]!.length; k++) {
        const value = raw[at]![k]! + share * (raw[at + 1]![k]! - raw[at]![k]!);
        sum += (smoothed[t]![k]! - value) ** 2;
      }
    }
    if (sum < best) {
      best = sum;
      bestLag = lag;
    }
  }
  return bestLag;
}
