/** What the options of `mien weights` mean. */
import { imagenetNormalisation, type Normalisation, type OptionValue, symmetricNormalisation } from '@mien/models';
import { UserError } from '@mien/runtime';

/** `stem=small` → ['stem', 'small']; numbers and booleans become such. */
export function parseAssignment(text: string): [string, OptionValue] {
  const at = text.indexOf('=');
  if (at < 1) throw new UserError('bad-option', `--set ${text}: expected OPTION=VALUE, as width=0.5`);
  const value = text.slice(at + 1);
  if (value === 'true' || value === 'false') return [text.slice(0, at), value === 'true'];
  const number = value.trim() === '' ? Number.NaN : Number(value);
  return [text.slice(0, at), Number.isFinite(number) ? number : value];
}

/** `3x48x48` → [C,H,W]. */
export function parseInput(text: string): readonly [number, number, number] {
  const [C, H, W, ...rest] = text.split(/[x×,]/).map(Number);
  const isSize = (n: number | undefined): n is number => Number.isInteger(n) && n! > 0 && n! <= 4096;
  if (rest.length || !isSize(C) || !isSize(H) || !isSize(W) || (C !== 1 && C !== 3)) {
    throw new UserError('bad-option', `--input ${text}: expected channels (1 or 3), height and width, as 3x112x112`);
  }
  return [C, H, W];
}

/** `imagenet`, `symmetric`, or `0.485,0.456,0.406/0.229,0.224,0.225`: means of pixels in 0…1, then deviations, one or one a channel. */
export function parseNormalisation(text: string): Normalisation {
  if (text === 'imagenet') return imagenetNormalisation;
  if (text === 'symmetric') return symmetricNormalisation;
  const [mean = [], std = [], ...rest] = text.split('/').map((part) => part.split(',').map((v) => (v.trim() === '' ? Number.NaN : Number(v))));
  const isList = (values: number[]): boolean => [1, 3].includes(values.length) && values.every(Number.isFinite);
  if (rest.length || !isList(mean) || !isList(std) || mean.length !== std.length || std.some((v) => v <= 0)) {
    throw new UserError(
      'bad-option',
      `${text}: expected imagenet, symmetric, or means and deviations of pixels in 0…1, as 0.5/0.25 or 0.5,0.5,0.5/0.5,0.5,0.5`,
    );
  }
  return { mean, std };
}
