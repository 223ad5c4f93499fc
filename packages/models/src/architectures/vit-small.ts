/**
 * `vit-small`: a vision transformer (Dosovitskiy et al. 2021; the small size of Touvron et al. 2021) with timm's layout and
 * weight names (`vit_small_patch16_224`, Apache-2.0). 22,050,664 parameters with 1,000 classes. Changed: positions are learned
 * for the size it is built at, and `pool: mean` leaves the class token out. For 48×48 faces: a patch of 6 or 8.
 * Measured result: docs/results.md.
 */
import { classToken, convLayer, denseLayer, layerNormLayer, positionalEmbedding, toTokens } from '@mien/engine';
import { UserError } from '@mien/runtime';
import { defineArchitecture } from '../architecture.ts';
import { poolTokens } from '../blocks/token-pool.ts';
import { layerNormEpsilon, transformerBlock } from '../blocks/transformer-block.ts';

export const vitSmall = defineArchitecture({
  name: 'vit-small',
  description: 'Small vision transformer, timm layout',
  input: [3, 224, 224],
  smallest: ({ patch }) => patch,
  options: {
    patch: { kind: 'integer', default: 16, min: 2, max: 64, help: 'side of a patch in pixels; must divide height and width' },
    dim: { kind: 'integer', default: 384, min: 8, max: 1536, multipleOf: 8, help: 'features of a token' },
    depth: { kind: 'integer', default: 12, min: 1, max: 48, help: 'blocks' },
    heads: { kind: 'integer', default: 6, min: 1, max: 24, help: 'parts of the features that attend by themselves; must divide dim' },
    mlpRatio: { kind: 'integer', default: 4, min: 1, max: 8, help: 'hidden units of a block’s MLP ÷ dim' },
    pool: { kind: 'choice', default: 'token', choices: ['token', 'mean'], help: 'what the classes are read from: a class token or the mean of patches' },
    dropout: { kind: 'number', default: 0, min: 0, max: 0.9, help: 'dropout in every MLP' },
    dropPath: { kind: 'number', default: 0, min: 0, max: 0.9, help: 'stochastic depth of the last block, growing from 0 at the first' },
  },
  head: ['head'],
  network: (net, x, { patch, dim, depth, heads, mlpRatio, pool, dropout, dropPath, classes }) => {
    const [, , H, W] = x.shape as [number, number, number, number];
    if (H % patch !== 0 || W % patch !== 0)
      throw new UserError('input-mismatch', `vit-small: patch ${patch} does not divide the ${H}×${W} input; choose a divisor of both sides`);
    if (dim % heads !== 0) throw new UserError('bad-model-option', `vit-small: dim ${dim} cannot be split into heads ${heads}; choose a divisor of ${dim}`);
    let y = toTokens(convLayer(net, 'patch_embed.proj', x, { channels: dim, kernel: patch, stride: patch, padding: 0 }));
    if (pool === 'token') y = classToken(net, 'cls_token', y);
    y = positionalEmbedding(net, 'pos_embed', y);
    for (let block = 0; block < depth; block++) {
      const dropRate = depth > 1 ? (dropPath * block) / (depth - 1) : dropPath;
      y = transformerBlock(net.scope(`blocks.${block}`), y, { heads, mlpRatio, dropout, dropRate });
    }
    y = poolTokens(layerNormLayer(net, 'norm', y, layerNormEpsilon), pool);
    return denseLayer(net, 'head', y, classes);
  },
});
