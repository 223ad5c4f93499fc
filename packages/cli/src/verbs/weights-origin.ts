/** What is known of weights that come from a file: how their images were normalised, their licence, and who says so. */
import { basename, resolve } from 'node:path';
import { type DecodedWeights, findHubWeights, findHubWeightsAt, imagenetNormalisation, type Normalisation, printableName } from '@mien/models';
import { cardKey, readCard, UserError } from '@mien/runtime';

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

/** Undefined for what is no JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What a file says in `metadata.normalise`: `{ mean, std }`, each a number or one a channel. Throws `UserError` `bad-metadata`. */
function parseStated(text: string, file: string): Normalisation {
  const stated = parsed(text) as { mean?: unknown; std?: unknown } | null | undefined;
  const [mean, std] = [stated?.mean, stated?.std].map((list) => (Array.isArray(list) ? (list as unknown[]) : [list])) as [unknown[], unknown[]];
  const isList = (list: unknown[]): list is number[] => [1, 3].includes(list.length) && list.every(Number.isFinite);
  if (isList(mean) && isList(std) && mean.length === std.length && std.every((v) => v > 0)) return { mean, std };
  throw new UserError(
    'bad-metadata',
    `${file}: its metadata say normalise ${printableName(text)}, expected means and deviations, 1 or 3 each, as {"mean":[0.5],"std":[0.25]}; say it with --expects`,
  );
}

function cardOf({ contents: { kind, metadata }, bytes, file }: WeightsOnDisk): ReturnType<typeof readCard> | undefined {
  return kind === 'onnx' && metadata[cardKey] !== undefined ? readCard(bytes, file) : undefined;
}

/**
 * The word of the user before that of the file's metadata, before its card, before the catalogue's, which knows its weights by name
 * and by path; else ImageNet's normalisation is assumed. Throws `UserError` for metadata or a card that cannot be read but would count.
 */
export function originOf(weights: WeightsOnDisk, flags: { readonly expects?: Normalisation; readonly licence?: string }): Origin {
  const { given, file, contents } = weights;
  const { metadata } = contents;
  const licence = flags.licence || metadata.licence || metadata.license;
  const stated = !flags.expects && metadata.normalise ? parseStated(metadata.normalise, file) : undefined;
  // A card that cannot be read does not stand in the way of a user who says all of it.
  const card = (flags.expects || stated) && licence ? undefined : cardOf(weights);
  const known = findHubWeights(given) ?? findHubWeightsAt(resolve(file));
  const words: [Witness, Normalisation | undefined][] = [
    ['flag', flags.expects],
    ['file', stated],
    ['card', card && { mean: card.preprocessing.mean, std: card.preprocessing.std }],
    ['catalogue', known?.expects],
    ['assumed', imagenetNormalisation],
  ];
  const [expectsBy, expects] = words.find(([, word]) => word)!;
  return {
    expects: expects!,
    expectsBy,
    licence: licence || card?.licence || known?.licence || 'unknown',
    source: metadata.source ?? known?.repo ?? basename(file),
  };
}
