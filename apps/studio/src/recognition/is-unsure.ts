/** Whether what a model says of one face can be relied on: decided as `@mien/web` decides it for single pictures. */
import { defaultAbstainThreshold } from '@mien/live';
import type { Face, ModelCard } from '@mien/runtime';

export function isUnsure({ expression, probabilities }: Pick<Face, 'expression' | 'probabilities'>, card: Pick<ModelCard, 'abstain'>): boolean {
  return (probabilities[expression] ?? 0) < (card.abstain?.threshold ?? defaultAbstainThreshold);
}
