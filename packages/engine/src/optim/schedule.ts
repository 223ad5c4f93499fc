/** Learning-rate schedules: the rate at a step, as a pure function. */

export type ScheduleOptions =
  | { readonly kind: 'constant' }
  /** Half a cosine from the base rate to `final` times it (Loshchilov & Hutter 2017, eq. 5). */
  | { readonly kind: 'cosine'; readonly final: number }
  /** Multiplied by `factor` at each of the given fractions of the run after its warm-up. */
  | { readonly kind: 'step'; readonly at: readonly number[]; readonly factor: number };

/** The rate at `step` of `totalSteps`, after a linear warm-up over `warmupSteps`. */
export function learningRateAt(step: number, totalSteps: number, baseRate: number, schedule: ScheduleOptions, warmupSteps = 0): number {
  if (step < warmupSteps) return baseRate * Math.min(1, (step + 1) / warmupSteps);
  const progress = Math.min(1, (step - warmupSteps) / Math.max(1, totalSteps - warmupSteps));
  if (schedule.kind === 'cosine') return baseRate * (schedule.final + ((1 - schedule.final) * (1 + Math.cos(Math.PI * progress))) / 2);
  if (schedule.kind === 'step') return baseRate * schedule.factor ** schedule.at.filter((fraction) => progress >= fraction).length;
  return baseRate;
}
