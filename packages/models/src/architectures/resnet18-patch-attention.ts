/**
 * `resnet18-patch-attention`: system A. ResNet-18 up to layer3 (He et al. 2016, torchvision's layout and weight names, BSD-3),
 * CBAM (Woo et al. 2018) on its 256×14×14 map, patch extraction to 2×2 and self-attention over the patches (after
 * PAtt-Lite, Ngwe et al. 2024), without residual, LayerNorm, mean over patches, classifier. A published relative attends
 * over the batch by mistake; here each sample attends to its own patches, which a test holds.
 * Each part can be switched off, for ablations. Measured result: docs/results.md (published: RAF-DB 82.2 %).
 */
import { denseLayer, dropoutLayer, layerNormLayer, multiHeadAttention, toTokens } from '@mien/engine';
import { UserError } from '@mien/runtime';
import { defineArchitecture } from '../architecture.ts';
import { patchExtraction } from '../blocks/patch-extraction.ts';
import { resnetBase, resnetOptions, smallestForResnet } from '../blocks/resnet-base.ts';
import { poolTokens } from '../blocks/token-pool.ts';

const base = { depths: [2, 2, 2] };

export const resnet18PatchAttention = defineArchitecture({
  name: 'resnet18-patch-attention',
  description: 'ResNet-18 to layer3, CBAM, patches and self-attention over them (system A)',
  input: [3, 224, 224],
  smallest: (options) => smallestForResnet(base, options),
  options: {
    ...resnetOptions,
    cbam: { ...resnetOptions.cbam, default: 'after-base' },
    patches: { kind: 'flag', default: true, help: 'patch extraction; without it every cell of the map is a token' },
    attention: { kind: 'flag', default: true, help: 'self-attention over the tokens' },
    heads: { kind: 'integer', default: 1, min: 1, max: 16, help: 'parts of the features that attend by themselves; must divide them (256 at width 1)' },
    dropout: { kind: 'number', default: 0, min: 0, max: 0.9, help: 'dropout before the classifier' },
  },
  head: ['cbam', 'patches', 'attention', 'norm', 'classifier'],
  network: (net, x, options) => {
    const { heads, classes, dropout } = options;
    let y = resnetBase(net, x, base, options); // [N,256,14,14]
    const D = y.shape[1]!;
    if (options.patches) y = patchExtraction(net.scope('patches'), y, D); // [N,256,2,2]
    let tokens = toTokens(y); // [N,4,256]
    if (options.attention) {
      if (D % heads !== 0)
        throw new UserError('bad-model-option', `resnet18-patch-attention: ${D} features cannot be split into heads ${heads}; choose a divisor of ${D}`);
      tokens = multiHeadAttention(net, 'attention', tokens, { heads, project: false });
    }
    const pooled = poolTokens(layerNormLayer(net, 'norm', tokens), 'mean');
    return denseLayer(net, 'classifier', dropoutLayer(net, 'drop', pooled, dropout), classes);
  },
});
