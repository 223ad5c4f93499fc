/**
 * What residual networks of all depths have in common (He et al. 2016): torchvision's layout and weight names (BSD-3), and width, stem,
 * number of stages, SE, CBAM, dropout, landmarks and a transformer head as options.
 */
import { denseLayer, dropoutLayer, flatten, globalAveragePool } from '@mien/engine';
import { UserError } from '@mien/runtime';
import { type Architecture, defineArchitecture } from '../architecture.ts';
import { landmarkOptions, landmarkScope, withLandmarks } from '../blocks/landmark-branch.ts';
import { regionHead, regionHeadOptions } from '../blocks/region-head.ts';
import { type ResnetShape, resnetBase, resnetOptions, smallestForResnet } from '../blocks/resnet-base.ts';

interface ResnetDefinition {
  readonly name: string;
  readonly description: string;
  readonly shape: ResnetShape;
  readonly input?: readonly [number, number, number];
  /** Other defaults, by option. */
  readonly defaults?: { stem?: 'small'; cbam?: 'every-block'; head?: 'transformer'; dropout?: number };
}

/** A residual network of this shape, with defaults of its own. */
export function defineResnet({ name, description, shape, input = [3, 224, 224], defaults = {} }: ResnetDefinition): Architecture {
  const { stem = 'imagenet', cbam = 'none', head = 'gap', dropout = 0 } = defaults;
  const kept = (stages: number): ResnetShape => ({ ...shape, depths: shape.depths.slice(0, stages) });
  return defineArchitecture({
    name,
    description,
    input,
    smallest: (options) => smallestForResnet(kept(options.stages), options),
    options: {
      ...resnetOptions,
      stem: { ...resnetOptions.stem, default: stem },
      cbam: { ...resnetOptions.cbam, default: cbam },
      head: {
        kind: 'choice',
        default: head,
        choices: ['gap', 'transformer'],
        help: 'gap: global average pooling and one dense layer; transformer: over the cells of the last map',
      },
      dropout: { kind: 'number', default: dropout, min: 0, max: 0.9, help: 'dropout before the classifier, or in the blocks of a transformer head' },
      stages: {
        kind: 'integer',
        default: shape.depths.length,
        min: 2,
        max: shape.depths.length,
        help: 'stages of the base that are kept, from the first; fewer for small pictures and small files',
      },
      ...landmarkOptions,
      ...regionHeadOptions,
    },
    head: ['cbam', 'fc', 'regions', landmarkScope],
    network: (net, x, options) => {
      const y = resnetBase(net, x, kept(options.stages), options);
      if (options.head === 'transformer') {
        if (options.landmarks) throw new UserError('bad-model-option', `model ${name}: option landmarks joins pooled features; use it with head gap`);
        return regionHead(net, y, options);
      }
      const pooled = flatten(globalAveragePool(y));
      return denseLayer(
        net,
        'fc',
        dropoutLayer(net, 'drop', options.landmarks ? withLandmarks(net, pooled, options.landmarkDropout) : pooled, options.dropout),
        options.classes,
      );
    },
  });
}
