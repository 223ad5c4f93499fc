/** A frozen layer that nothing has trained is noise: a stage that learns behind one wastes its hours. */
import { buildNetwork } from '@mien/engine';
import type { InitReport } from './initial-weights.ts';
import type { NetworkPlan } from './network-plan.ts';
import type { Recipe } from './recipe-schema.ts';
import { frozenIn } from './weight-groups.ts';

const shown = 2;

/** What to tell of the first stage that freezes layers drawn from the seed; undefined where none does. `init`: what a file gave. */
export function untrainedFrozen({ stages, init: file }: Recipe, { network, input }: NetworkPlan, init: InitReport | undefined): string | undefined {
  const { specs } = buildNetwork(network, input, { mode: 'infer', batch: 1 });
  // Norms and biases start as they should: what they let through is no noise.
  const layers = specs.filter(({ kind, shape }) => kind === 'trainable' && shape.length > 1).map(({ name }) => name);
  const given = init && new Set(init.fresh);
  const drawn = layers.filter((name) => !given || given.has(name));
  let untrained = new Set(drawn);
  for (const stage of stages) {
    if (stage.startFrom === 'new') untrained = new Set(drawn);
    const isFrozen = frozenIn(stage);
    const asleep = [...untrained].filter(isFrozen);
    if (asleep.length > 0) {
      const names = asleep.slice(0, shown).map((name) => name.replace(/\.weight$/, ''));
      const more = asleep.length > shown ? ` and ${asleep.length - shown} more` : '';
      const why = file ? `that init ${file} does not hold` : 'that nothing has trained';
      return `stage ${stage.name} freezes ${asleep.length} of ${layers.length} layers ${why} (${names.join(', ')}${more}), so that the rest learns from noise; give pretrained weights for them with --set init=FILE, as \`mien weights import\` writes, or let them learn`;
    }
    for (const name of [...untrained]) if (!isFrozen(name)) untrained.delete(name);
  }
  return undefined;
}
