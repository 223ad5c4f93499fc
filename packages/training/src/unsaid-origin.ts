/** Weights of which nobody says where they come from: what is made of them cannot say it either. */
import type { InitReport } from './initial-weights.ts';

/** What to tell of a file that says nothing of its normalisation or its licence; undefined where it does. */
export function unsaidOrigin(init: InitReport | undefined): string | undefined {
  if (!init) return undefined;
  const missing = [
    ...(init.normalisationUnknown ? ['how images must be normalised for its weights, which the recipe must then know'] : []),
    ...(init.origin.licence === undefined ? ['their licence, which the card will call unknown'] : []),
  ];
  if (missing.length === 0) return undefined;
  return `init ${init.source}: the file does not say ${missing.join(', nor ')}; \`mien weights import\` writes both, from its --expects and --licence where nobody knows`;
}
