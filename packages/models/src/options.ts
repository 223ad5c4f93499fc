/**
 * Options of an architecture, declared as data: what a recipe is checked against and `mien models` prints. A value comes
 * from a recipe or a command line, so that it may be anything; what a network is built from has passed `readOptions`.
 */
import { UserError } from '@mien/runtime';

interface Described {
  /** One line: what it changes, and the source of the default where there is one. */
  readonly help: string;
}

export interface IntegerOption extends Described {
  readonly kind: 'integer';
  readonly default: number;
  readonly min: number;
  readonly max: number;
  readonly multipleOf?: number;
}

export interface NumberOption extends Described {
  readonly kind: 'number';
  readonly default: number;
  readonly min: number;
  readonly max: number;
}

export interface ChoiceOption extends Described {
  readonly kind: 'choice';
  readonly default: string | number;
  readonly choices: readonly (string | number)[];
}

export interface FlagOption extends Described {
  readonly kind: 'flag';
  readonly default: boolean;
}

/** Whole numbers joined by dashes, one a stage: `48-96-160`. */
export interface SizesOption extends Described {
  readonly kind: 'sizes';
  readonly default: string;
  readonly min: number;
  readonly max: number;
  readonly multipleOf?: number;
}

export type OptionSpec = IntegerOption | NumberOption | ChoiceOption | FlagOption | SizesOption;
export type OptionSpecs = Readonly<Record<string, OptionSpec>>;
export type OptionValue = string | number | boolean;

type ValueOf<S extends OptionSpec> = S extends ChoiceOption
  ? S['choices'][number]
  : S extends FlagOption
    ? boolean
    : S extends SizesOption
      ? readonly number[]
      : number;

/** The values a network is built from, by option. */
export type OptionValues<S extends OptionSpecs> = { readonly [K in keyof S]: ValueOf<S[K]> };

/** What an option takes, in words: `a whole number from 1 to 64`. */
export function describeValues(spec: OptionSpec): string {
  const multiple = 'multipleOf' in spec && spec.multipleOf ? `, a multiple of ${spec.multipleOf}` : '';
  if (spec.kind === 'flag') return 'true or false';
  if (spec.kind === 'choice') return `one of ${spec.choices.join(', ')}`;
  if (spec.kind === 'number') return `a number from ${spec.min} to ${spec.max}`;
  if (spec.kind === 'sizes')
    return `whole numbers from ${spec.min} to ${spec.max} joined by dashes, as ${spec.default}${multiple && `, each${multiple.slice(1)}`}`;
  return `a whole number from ${spec.min} to ${spec.max}${multiple}`;
}

function isWithin(value: unknown, spec: { min: number; max: number; multipleOf?: number }): value is number {
  return typeof value === 'number' && value >= spec.min && value <= spec.max && (spec.multipleOf === undefined || value % spec.multipleOf === 0);
}

/** The value in the form the network takes, or undefined where the option does not take it. */
function read(spec: OptionSpec, value: unknown): OptionValue | readonly number[] | undefined {
  if (spec.kind === 'flag') return typeof value === 'boolean' ? value : undefined;
  if (spec.kind === 'choice') return spec.choices.find((choice) => choice === value);
  if (spec.kind === 'number') return isWithin(value, spec) ? value : undefined;
  if (spec.kind === 'integer') return Number.isInteger(value) && isWithin(value, spec) ? value : undefined;
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  // A single stage may reach us as the number a YAML file holds.
  const sizes = String(value)
    .split('-')
    .map((part) => (/^\d+$/.test(part) ? Number(part) : Number.NaN));
  return sizes.every((size) => isWithin(size, spec)) ? sizes : undefined;
}

/**
 * Fills in defaults and checks what is given. Throws `UserError` that names the option, what it takes and what came;
 * `owner` is whose options they are.
 */
export function readOptions<S extends OptionSpecs>(specs: S, given: Readonly<Record<string, unknown>>, owner: string): OptionValues<S> {
  for (const name of Object.keys(given)) {
    if (Object.hasOwn(specs, name)) continue;
    const known = Object.keys(specs);
    throw new UserError('bad-model-option', `model ${owner}: there is no option ${name}; ${known.length ? `there are ${known.join(', ')}` : 'it has none'}`);
  }
  const values = Object.entries(specs).map(([name, spec]) => {
    const value = read(spec, given[name] ?? spec.default);
    if (value === undefined)
      throw new UserError('bad-model-option', `model ${owner}: option ${name}: expected ${describeValues(spec)}, got ${JSON.stringify(given[name])}`);
    return [name, value];
  });
  return Object.fromEntries(values) as OptionValues<S>;
}
