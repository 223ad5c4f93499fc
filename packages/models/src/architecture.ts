/** What every architecture file exports. */
import type { Network } from '@mien/engine';

export interface Architecture {
  /** Registry name, as `se-cnn-improved`. */
  readonly name: string;
  /** One line: what it is and where it comes from. */
  readonly description: string;
  /** [C,H,W] it was designed for. */
  readonly input: readonly [number, number, number];
  /** The network with `classes` outputs. */
  build(options: { readonly classes: number }): Network;
}
