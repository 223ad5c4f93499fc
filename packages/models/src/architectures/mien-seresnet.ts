/**
 * `mien-seresnet`: the first released network: residual blocks (He et al. 2016) with squeeze-and-excitation
 * (Hu et al. 2018) on 44×44 crops of 48×48 faces. The stem's full-size map is halved at once, because full-size stages
 * cost time in memory traffic rather than arithmetic; widths are multiples of 16 for blocked kernels.
 * Our own layout (MIT). Measured result: its card, and docs/results.md.
 */
import { convNorm, denseLayer, dropoutLayer, flatten, globalAveragePool } from '@mien/engine';
import { defineArchitecture } from '../architecture.ts';
import { residualBlock } from '../blocks/residual-block.ts';

const stages = [
  { channels: 64, blocks: 2 },
  { channels: 112, blocks: 2 },
  { channels: 160, blocks: 1 },
];

export const mienSeResnet = defineArchitecture({
  name: 'mien-seresnet',
  description: 'Small residual network with squeeze-and-excitation, the first released model',
  input: [1, 44, 44],
  smallest: 8,
  options: { dropout: { kind: 'number', default: 0.1, min: 0, max: 0.9, help: 'dropout before the classifier' } },
  head: ['classifier'],
  network: (net, x, { dropout, classes }) => {
    let y = convNorm(net, 'stem', 'stem_bn', x, { channels: 32, activation: 'Relu' });
    for (const [stage, { channels, blocks }] of stages.entries()) {
      for (let block = 0; block < blocks; block++) {
        y = residualBlock(net.scope(`stage${stage + 1}.${block}`), y, { channels, stride: block === 0 ? 2 : 1, seReduction: 8 });
      }
    }
    return denseLayer(net, 'classifier', dropoutLayer(net, 'drop', flatten(globalAveragePool(y)), dropout), classes);
  },
});
