/** Gradient clipping by global norm (Pascanu et al. 2013, algorithm 1). */
import type { GroupOf, OptimizerSlot } from './optimizer.ts';

/** √Σg² over all slots. */
export function gradientNorm(slots: readonly OptimizerSlot[]): number {
  let square = 0;
  for (const { gradients } of slots) for (let i = 0; i < gradients.length; i++) square += gradients[i]! * gradients[i]!;
  return Math.sqrt(square);
}

/**
 * Scales all gradients together so that their norm is at most `maxNorm`; returns the norm before. A norm that is not finite
 * is returned and nothing scaled: no factor mends such gradients, and the caller should see them. `group`: that of the optimiser, whose
 * frozen weights do not count.
 */
export function clipGradients(all: readonly OptimizerSlot[], maxNorm: number, group: GroupOf = () => ({})): number {
  const slots = all.filter(({ name }) => !group(name).frozen);
  const norm = gradientNorm(slots);
  if (norm > maxNorm && Number.isFinite(norm)) {
    const factor = maxNorm / norm;
    for (const { gradients } of slots) for (let i = 0; i < gradients.length; i++) gradients[i] = gradients[i]! * factor;
  }
  return norm;
}
