/** Attention over one cell is none: told before the hours are spent. */
import { buildNetwork } from '@mien/engine';
import type { NetworkPlan } from './network-plan.ts';

/** What to tell of attention whose map or sequence is a single cell at this input; undefined where there is none. */
export function singleCell({ network, input }: Pick<NetworkPlan, 'network' | 'input'>): string | undefined {
  const { layers } = buildNetwork(network, input, { mode: 'infer', batch: 1 });
  const alone = layers.filter(({ name, type, output }) =>
    // [tokens, features] of self-attention, [1,H,W] of CBAM's spatial gate.
    type === 'attention' ? output[0] === 1 : /(?:^|\.)cbam\.spatial\.conv$/.test(name) && output.slice(1).every((size) => size === 1),
  );
  if (alone.length === 0) return undefined;
  const names = alone.map(({ name }) => name.replace(/\.conv$/, '')).join(', ');
  return `${names}: of ${input[1]}×${input[2]} pixels one cell is left here, which attends to nothing else; give a larger input`;
}
