/** What every architecture file exports, and the one way to make it. */
import type { Net, Network, Value } from '@mien/engine';
import { expressions, UserError } from '@mien/runtime';
import { type OptionSpecs, type OptionValue, type OptionValues, readOptions } from './options.ts';

export interface BuildOptions {
  /** Outputs; default 7, the expressions. */
  readonly classes?: number | undefined;
  /** Input channels the network must get, 1 or 3; left out, it takes what its input has. */
  readonly channels?: number | undefined;
  /** Options of the architecture, by name. */
  readonly [option: string]: OptionValue | undefined;
}

export interface Architecture {
  /** Registry name, as `se-cnn-improved`. */
  readonly name: string;
  /** One line: what it is and where it comes from. */
  readonly description: string;
  /** [C,H,W] it was designed for. */
  readonly input: readonly [number, number, number];
  readonly options: OptionSpecs;
  /** Prefixes, cut at dots, of the weights that stand behind the base and never come with weights pretrained on other classes. */
  readonly head: readonly string[];
  /** Fewest pixels in H and W, with these options. */
  smallest(options?: Readonly<Record<string, unknown>>): number;
  /**
   * The network with `classes` outputs; several heads are cut from one wider output by who trains them. Throws `UserError` for an option it does not have or a value it does not take;
   * the network itself throws, naming both sides, when its input is too small or has other channels.
   */
  build(options?: BuildOptions): Network;
}

export interface ArchitectureDefinition<S extends OptionSpecs> {
  readonly name: string;
  readonly description: string;
  readonly input: readonly [number, number, number];
  readonly options: S;
  readonly head: readonly string[];
  /** Fewest pixels in H and W. */
  readonly smallest: number | ((values: OptionValues<S>) => number);
  /** x [N,C,H,W] → logits [N,classes]. */
  readonly network: (net: Net, x: Value, options: OptionValues<S> & { readonly classes: number }) => Value;
}

function checkInput(name: string, x: Value, channels: number | undefined, smallest: number): void {
  const [, C, H, W] = x.shape as [number, number, number, number];
  if (channels === undefined ? C !== 1 && C !== 3 : C !== channels)
    throw new UserError('input-mismatch', `model ${name}: expected ${channels ?? '1 or 3'} input channels, got ${C} (C×H×W ${C}×${H}×${W})`);
  if (Math.min(H, W) < smallest)
    throw new UserError('input-mismatch', `model ${name}: needs at least ${smallest}×${smallest} pixels with these options, got ${H}×${W}`);
}

/** An architecture whose options are checked before its network sees them. */
export function defineArchitecture<const S extends OptionSpecs>(definition: ArchitectureDefinition<S>): Architecture {
  const { name, description, input, options: specs, head, smallest, network } = definition;
  const smallestFor = (values: OptionValues<S>): number => (typeof smallest === 'number' ? smallest : smallest(values));
  return {
    name,
    description,
    input,
    options: specs,
    head,
    smallest: (given = {}) => smallestFor(readOptions(specs, given, name)),
    build({ classes = expressions.length, channels, ...given } = {}) {
      if (!Number.isInteger(classes) || classes < 1) throw new UserError('bad-model-option', `model ${name}: expected at least 1 class, got ${classes}`);
      const values = readOptions(specs, given, name);
      return (net, x) => {
        checkInput(name, x, channels, smallestFor(values));
        return network(net, x, { ...values, classes });
      };
    },
  };
}
