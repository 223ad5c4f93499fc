/**
 * A transformer head over face regions: every cell of a base's last map is a token, and self-attention relates mouth, eyes
 * and brows before the classes are read (system B's future work; blocks of Dosovitskiy et al. 2021).
 */
import { classToken, denseLayer, layerNormLayer, type Net, positionalEmbedding, toTokens, type Value } from '@mien/engine';
import { UserError } from '@mien/runtime';
import type { OptionSpecs, OptionValues } from '../options.ts';
import { poolTokens } from './token-pool.ts';
import { layerNormEpsilon, transformerBlock } from './transformer-block.ts';

export const regionHeadOptions = {
  headDim: { kind: 'integer', default: 128, min: 8, max: 1024, multipleOf: 8, help: 'transformer head: features of a region' },
  headDepth: { kind: 'integer', default: 2, min: 1, max: 12, help: 'transformer head: blocks' },
  headHeads: { kind: 'integer', default: 4, min: 1, max: 16, help: 'transformer head: parts that attend by themselves; must divide headDim' },
  headPool: {
    kind: 'choice',
    default: 'token',
    choices: ['token', 'mean'],
    help: 'transformer head: what the classes are read from, a class token or the mean of regions',
  },
} as const satisfies OptionSpecs;

/** x [N,C,H,W] → logits [N,classes]. Weights `regions.…`. Throws `UserError` when the heads do not divide the features. */
export function regionHead(
  net: Net,
  x: Value,
  options: OptionValues<typeof regionHeadOptions> & { readonly classes: number; readonly dropout: number },
): Value {
  const { headDim, headDepth, headHeads, headPool, classes, dropout } = options;
  if (headDim % headHeads !== 0)
    throw new UserError('bad-model-option', `headDim ${headDim} cannot be split into headHeads ${headHeads}; choose a divisor of ${headDim}`);
  const inner = net.scope('regions');
  let y = denseLayer(inner, 'embed', toTokens(x), headDim); // [N,H·W,headDim]
  if (headPool === 'token') y = classToken(inner, 'cls_token', y);
  y = positionalEmbedding(inner, 'pos_embed', y);
  for (let block = 0; block < headDepth; block++) y = transformerBlock(inner.scope(`blocks.${block}`), y, { heads: headHeads, dropout });
  y = poolTokens(layerNormLayer(inner, 'norm', y, layerNormEpsilon), headPool);
  return denseLayer(inner, 'fc', y, classes);
}
