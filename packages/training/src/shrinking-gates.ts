/** CBAM after CBAM with no norm between: every gate is below 1, and what passes them all is next to nothing. */
import { buildNetwork } from '@mien/engine';
import type { NetworkPlan } from './network-plan.ts';

/** More gates than this in a row leave a signal of a thousandth. */
const most = 5;

/** What to tell of a network with many gates and no norm; undefined for others. */
export function shrinkingGates({ network, input }: Pick<NetworkPlan, 'network' | 'input'>): string | undefined {
  const { layers } = buildNetwork(network, input, { mode: 'infer', batch: 1 });
  const gates = layers.filter(({ name }) => /(?:^|\.)cbam\.spatial\.conv$/.test(name)).length;
  if (gates <= most || layers.some(({ type }) => /norm/.test(type))) return undefined;
  return `${gates} times CBAM and no norm between: its gates, each below 1, shrink the signal away, and little will be learnt; set modelOptions.batchNorm=true`;
}
