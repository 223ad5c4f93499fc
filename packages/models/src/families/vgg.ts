/** What VGGs of all depths have in common (Simonyan & Zisserman 2015): torchvision's layout and weight names (BSD-3), and our heads and gates. */
import { type Architecture, defineArchitecture } from '../architecture.ts';
import { flattenHead, pooledHead } from '../blocks/dense-head.ts';
import { regionHead, regionHeadOptions } from '../blocks/region-head.ts';
import { smallestForVgg, vggBase, vggBaseOptions } from '../blocks/vgg-base.ts';
import type { OptionSpecs } from '../options.ts';

export const vggHeadOptions = {
  head: {
    kind: 'choice',
    default: 'flatten',
    choices: ['flatten', 'gap', 'transformer'],
    help: 'flatten: torchvision’s; gap: global average pooling, system B’s; transformer: over the cells of the last map',
  },
  hidden: { kind: 'integer', default: 4096, min: 8, max: 8192, help: 'units of each of the two hidden layers of flatten and gap heads' },
  dropout: { kind: 'number', default: 0.5, min: 0, max: 0.9, help: 'dropout in the head' },
} as const satisfies OptionSpecs;

const heads = { flatten: flattenHead, gap: pooledHead, transformer: regionHead } as const;

interface VggDefinition {
  readonly name: string;
  readonly description: string;
  readonly depths: readonly number[];
  /** Other defaults, by option. */
  readonly defaults?: { batchNorm?: true; cbam?: 'after-base'; head?: 'gap'; hidden?: number };
}

/** A VGG of these depths, with defaults of its own. */
export function defineVgg({ name, description, depths, defaults = {} }: VggDefinition): Architecture {
  const { batchNorm = false, cbam = 'none', head = 'flatten', hidden = 4096 } = defaults;
  return defineArchitecture({
    name,
    description,
    input: [3, 224, 224],
    smallest: smallestForVgg,
    options: {
      ...vggBaseOptions,
      batchNorm: { ...vggBaseOptions.batchNorm, default: batchNorm },
      cbam: { ...vggBaseOptions.cbam, default: cbam },
      ...vggHeadOptions,
      head: { ...vggHeadOptions.head, default: head },
      hidden: { ...vggHeadOptions.hidden, default: hidden },
      ...regionHeadOptions,
    },
    head: ['cbam', 'classifier', 'head', 'regions'],
    network: (net, x, options) => heads[options.head](net, vggBase(net, x, depths, options), options),
  });
}
