/** What a model needs a face's points for. */
import type { ModelCard } from '../card.ts';
import { UserError } from '../error.ts';

/** In words, undefined where it needs none. */
export function landmarkUse({ preprocessing, landmarks }: Pick<ModelCard, 'preprocessing' | 'landmarks'>): string | undefined {
  const uses = [
    ...(preprocessing.crop.align === 'eyes-level' ? ['turns faces so that their eyes lie level'] : []),
    ...(landmarks ? ['is given the points of the face beside its pixels'] : []),
  ];
  return uses.length > 0 ? uses.join(' and ') : undefined;
}

/** For what feeds a network nothing but upright pixels: throws `UserError` `needs-landmarks` for a model that needs more. */
export function refuseLandmarkUse(card: ModelCard, file: string, what: string): void {
  const use = landmarkUse(card);
  if (use) throw new UserError('needs-landmarks', `${file}: the model ${use}, which ${what} cannot do yet; take a model of pixels alone`);
}
