/** What a file of weights says, in its metadata, of how images were normalised for them. */
import { UserError } from '@mien/runtime';
import type { Normalisation } from './normalisation.ts';
import { printableName } from './printable-name.ts';

/** Undefined for what is no JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** `{ mean, std }` as JSON, each a number or one a channel. `remedy`: what to do otherwise. Throws `UserError` `bad-metadata`. */
export function parseStatedNormalisation(text: string, file: string, remedy: string): Normalisation {
  const stated = parsed(text) as { mean?: unknown; std?: unknown } | null | undefined;
  const [mean, std] = [stated?.mean, stated?.std].map((list) => (Array.isArray(list) ? (list as unknown[]) : [list])) as [unknown[], unknown[]];
  const isList = (list: unknown[]): list is number[] => [1, 3].includes(list.length) && list.every(Number.isFinite);
  if (isList(mean) && isList(std) && mean.length === std.length && std.every((v) => v > 0)) return { mean, std };
  throw new UserError(
    'bad-metadata',
    `${file}: its metadata say normalise ${printableName(text)}, expected means and deviations, 1 or 3 each, as {"mean":[0.5],"std":[0.25]}; ${remedy}`,
  );
}
