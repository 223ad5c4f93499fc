/** What is known of weights that come from a file: how their images were normalised, their licence, and who says so. */
import { basename, resolve } from 'node:path';
import {
  type DecodedWeights,
  findHubWeights,
  findHubWeightsAt,
  hubWeights,
  imagenetNormalisation,
  type Normalisation,
  parseStatedNormalisation,
} from '@mien/models';
import { cardKey, readCard } from '@mien/runtime';

/** Who says how images were normalised: the user, the file, its card, the catalogue; nobody. */
export type Witness = 'flag' | 'file' | 'card' | 'catalogue' | 'assumed';

export interface Origin {
  /** How images were normalised for the weights. */
  readonly expects: Normalisation;
  readonly expectsBy: Witness;
  readonly licence: string;
  readonly source: string;
}

export interface WeightsOnDisk {
  /** As the user named it. */
  readonly given: string;
  readonly file: string;
  readonly bytes: Uint8Array;
  readonly contents: DecodedWeights;
}

/** What all weights of the catalogue that fit the model expect, where they agree. */
function usualFor(model: string | undefined): Normalisation {
  const [first, ...others] = hubWeights.filter((known) => known.model === model).map(({ expects }) => expects);
  const agree = first && others.every((other) => JSON.stringify(other) === JSON.stringify(first));
  return agree ? first : imagenetNormalisation;
}

function cardOf({ contents: { kind, metadata }, bytes, file }: WeightsOnDisk): ReturnType<typeof readCard> | undefined {
  return kind === 'onnx' && metadata[cardKey] !== undefined ? readCard(bytes, file) : undefined;
}

/**
 * The word of the user before that of the file's metadata, before its card, before the catalogue's, which knows its weights by name
 * and by path; else what it knows of other weights for that model is assumed, or ImageNet's normalisation. Throws `UserError` for metadata or a card that cannot be read but would count.
 */
export function originOf(weights: WeightsOnDisk, flags: { readonly model?: string; readonly expects?: Normalisation; readonly licence?: string }): Origin {
  const { given, file, contents } = weights;
  const { metadata } = contents;
  const licence = flags.licence || metadata.licence || metadata.license;
  const stated = !flags.expects && metadata.normalise ? parseStatedNormalisation(metadata.normalise, file, 'say it with --expects') : undefined;
  // A card that cannot be read does not stand in the way of a user who says all of it.
  const card = (flags.expects || stated) && licence ? undefined : cardOf(weights);
  const known = findHubWeights(given) ?? findHubWeightsAt(resolve(file));
  const words: [Witness, Normalisation | undefined][] = [
    ['flag', flags.expects],
    ['file', stated],
    ['card', card && { mean: card.preprocessing.mean, std: card.preprocessing.std }],
    ['catalogue', known?.expects],
    ['assumed', usualFor(flags.model)],
  ];
  const [expectsBy, expects] = words.find(([, word]) => word)!;
  return {
    expects: expects!,
    expectsBy,
    licence: licence || card?.licence || known?.licence || 'unknown',
    source: metadata.source ?? known?.repo ?? basename(file),
  };
}
