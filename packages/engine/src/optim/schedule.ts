/** Learning-rate schedules: the rate at a step, as a pure function. */

export type ScheduleOptions =
  | { readonly kind: 'constant' }
  /** Half a cosine from the base rate to `final` times it (Loshchilov & Hutter 2017, eq. 5). */
  | { readonly kind: 'cosine'; readonly final: number }
  /** Multiplied by `factor` at each of the given fractions of the run after its warm-up. */
  | { readonly kind: 'step'; readonly at: readonly number[]; readonly factor: number }
  /**
   * One cycle (Smith & Topin 2019): up to the base rate over the first `rise` of the run from `start` times it, then down
   * to `final` times it, both as half a cosine. Usual: 0.3, 0.04, 1e-4.
   */
  | { readonly kind: 'one-cycle'; readonly rise: number; readonly start: number; readonly final: number };

/** From `from` at progress 0 to `to` at progress 1 along half a cosine. */
function cosineBetween(from: number, to: number, progress: number): number {
  return to + ((from - to) * (1 + Math.cos(Math.PI * progress))) / 2;
}

/** The rate at `step` of `totalSteps`, after a linear warm-up over `warmupSteps`. */
export function learningRateAt(step: number, totalSteps: number, baseRate: number, schedule: ScheduleOptions, warmupSteps = 0): number {
  if (step < warmupSteps) return baseRate * Math.min(1, (step + 1) / warmupSteps);
  const progress = Math.min(1, (step - warmupSteps) / Math.max(1, totalSteps - warmupSteps));
  if (schedule.kind === 'cosine') return baseRate * cosineBetween(1, schedule.final, progress);
  if (schedule.kind === 'one-cycle') {
    const { rise, start, final } = schedule;
    return baseRate * (progress < rise ? cosineBetween(start, 1, progress / rise) : cosineBetween(1, final, (progress - rise) / Math.max(1e-9, 1 - rise)));
  }
  if (schedule.kind === 'step') return baseRate * schedule.factor ** schedule.at.filter((fraction) => progress >= fraction).length;
  return baseRate;
}
