/** What a sweep varies: lists of values that are tried in every combination, and ranges that are drawn from. */
import { randomFor } from '@mien/data';
import { UserError } from '@mien/runtime';
import { parse } from 'yaml';

/** A field of the recipe and the values it takes in turn. */
export interface Axis {
  readonly path: string;
  readonly values: readonly unknown[];
  /** As it was asked for, for messages. */
  readonly said: string;
}

/** A field of the recipe and what its values are drawn from. */
export type Distribution = { readonly path: string; readonly said: string } & (
  | { readonly kind: 'range'; readonly low: number; readonly high: number; readonly log: boolean; readonly whole: boolean }
  | { readonly kind: 'choice'; readonly values: readonly unknown[] }
);

export interface SearchSpace {
  readonly grid: readonly Axis[];
  readonly draws: number;
  readonly random: readonly Distribution[];
  /** Decides the draws. More draws of the same seed begin with those of fewer. */
  readonly seed: number;
}

export type Assignment = ReadonlyMap<string, unknown>;

/** Drawn numbers are told, and used, in so many digits. */
const drawnDigits = 4;
const bad = (message: string): UserError => new UserError('bad-sweep', message);

function splitField(option: string, text: string, example: string): { path: string; rest: string; said: string } {
  const said = `${option} ${text}`;
  const at = text.indexOf('=');
  if (at < 1) throw bad(`${said}: expected ${example}`);
  const path = text.slice(0, at).trim();
  const other = { seed: '--seeds 1,2,3', name: 'names that are made from the values', 'data.validation': '--set', 'data.apart': '--folds' }[path];
  if (other) throw bad(`${said}: ${path} is not swept over; use ${other}`);
  return { path, rest: text.slice(at + 1).trim(), said };
}

/** `a,b,c` as a list of YAML values: commas within brackets and braces belong to a value. */
function parseValues(text: string, said: string): unknown[] {
  let values: unknown;
  try {
    values = parse(`[${text}]`);
  } catch (cause) {
    throw bad(`${said}: the values are no YAML list (${(cause as Error).message.split('\n')[0]})`);
  }
  if (!Array.isArray(values) || values.length === 0) throw bad(`${said}: expected values between the commas, there is none`);
  const told = values.map((value) => JSON.stringify(value));
  const twice = told.find((value, i) => told.indexOf(value) !== i);
  if (twice !== undefined) throw bad(`${said}: names ${twice} twice`);
  return values;
}

/** `key=a,b,c`, one for each field. Throws `UserError` `bad-sweep`. */
export function parseGrid(texts: readonly string[]): Axis[] {
  const axes = texts.map((text): Axis => {
    const { path, rest, said } = splitField('--grid', text, 'key=a,b,c, as optimizer.learningRate=0.01,0.03,0.1');
    return { path, said, values: parseValues(rest, said) };
  });
  return refuseTwice(axes);
}

/** A number of draws, then `key=lo..hi`, `key=lo..hi:log`, `key=lo..hi:int` or `key=a,b,c` for each field. Throws `UserError` `bad-sweep`. */
export function parseRandom([count, ...texts]: readonly string[]): { draws: number; random: Distribution[] } {
  if (count === undefined) return { draws: 1, random: [] };
  const draws = Number(count);
  const example = '--random 20 optimizer.learningRate=0.001..0.1:log batch=32,64';
  if (!Number.isInteger(draws) || draws < 1 || draws > 10_000)
    throw bad(`--random ${count}: expected a number of draws from 1 to 10000, then fields, as ${example}`);
  if (texts.length === 0) throw bad(`--random ${count}: expected fields to draw after the number, as ${example}`);
  return { draws, random: refuseTwice(texts.map(parseDistribution)) };
}

function parseDistribution(text: string): Distribution {
  const { path, rest, said } = splitField('--random', text, 'key=lo..hi, key=lo..hi:log, key=lo..hi:int or key=a,b,c');
  const range = /^(\S+?)\.\.([^:\s]+)((?::\w+)*)$/.exec(rest);
  if (!range) return { kind: 'choice', path, said, values: parseValues(rest, said) };
  const [low, high] = [Number(range[1]), Number(range[2])];
  const kinds = range[3]!.split(':').filter(Boolean);
  const unknown = kinds.find((kind) => kind !== 'log' && kind !== 'int');
  if (unknown) throw bad(`${said}: expected :log or :int after the range, got :${unknown}`);
  const [log, whole] = [kinds.includes('log'), kinds.includes('int')];
  if (!(Number.isFinite(low) && Number.isFinite(high) && low < high)) throw bad(`${said}: expected two numbers, the lower first, as ${path}=0.001..0.1`);
  if (log && low <= 0) throw bad(`${said}: a logarithmic range begins above 0`);
  if (whole && !(Number.isInteger(low) && Number.isInteger(high))) throw bad(`${said}: :int wants whole numbers as bounds`);
  return { kind: 'range', path, said, low, high, log, whole };
}

function refuseTwice<T extends { path: string; said: string }>(fields: T[]): T[] {
  const twice = fields.find(({ path }, i) => fields.findIndex((other) => other.path === path) !== i);
  if (twice) throw bad(`${twice.said}: ${twice.path} is given twice`);
  return fields;
}

/** u in 0…1 to a value. */
function draw(from: Distribution, u: number): unknown {
  if (from.kind === 'choice') return from.values[Math.min(from.values.length - 1, Math.floor(u * from.values.length))];
  const { low, high, log, whole } = from;
  // Whole numbers are drawn with both bounds, each as likely as the others (or as its share of the logarithms).
  const [a, b] = whole ? [low - (log ? 0 : 0.5), high + (log ? 1 : 0.5)] : [low, high];
  const value = log ? a * (b / a) ** u : a + (b - a) * u;
  if (whole) return Math.min(high, Math.max(low, log ? Math.floor(value) : Math.round(value)));
  return Number(value.toPrecision(drawnDigits));
}

/** Every combination of the grid, for every draw; each field's path with its value. Combinations that come twice are kept once. */
export function candidatesOf({ grid, draws, random, seed }: SearchSpace): Assignment[] {
  const both = random.find(({ path }) => grid.some((axis) => axis.path === path));
  if (both) throw bad(`${both.said}: ${both.path} is in --grid too; give it in one of them`);
  let combinations: [string, unknown][][] = [[]];
  for (const { path, values } of grid) combinations = combinations.flatMap((before) => values.map((value): [string, unknown][] => [...before, [path, value]]));
  const found = new Map<string, Assignment>();
  for (let i = 0; i < (random.length > 0 ? draws : 1); i++) {
    const drawn = random.map((from): [string, unknown] => [from.path, draw(from, randomFor(seed, 'sweep', from.path, i).next())]);
    for (const combination of combinations) {
      const fields = [...combination, ...drawn];
      const key = JSON.stringify(fields);
      if (!found.has(key)) found.set(key, new Map(fields));
    }
  }
  return [...found.values()];
}
