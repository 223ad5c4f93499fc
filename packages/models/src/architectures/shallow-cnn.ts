/**
 * `shallow-cnn`: the smallest network of system C, 18,897,671 parameters at 48×48, nearly all in its first dense layer.
 * Layer table: system C; dropout rates, on which it is silent, are options. Our own writing of it (MIT). Measured result: docs/results.md.
 */
import { denseLayer, flatten } from '@mien/engine';
import { defineArchitecture } from '../architecture.ts';
import { convNormRelu, denseStage, dropoutOptions } from '../blocks/se-cnn-blocks.ts';

export const shallowCnn = defineArchitecture({
  name: 'shallow-cnn',
  description: 'Two convolutions and one hidden dense layer (system C)',
  input: [1, 48, 48],
  smallest: 2,
  options: dropoutOptions,
  head: ['hidden', 'classifier'],
  network: (net, x, { convDropout, denseDropout, classes }) => {
    let y = convNormRelu(net.scope('stage1'), x, { channels: 32, drop: convDropout });
    y = convNormRelu(net.scope('stage2'), y, { channels: 64, pool: true, drop: convDropout });
    // The table shows no batch norm after the dense layer.
    y = denseStage(net.scope('hidden'), flatten(y), 512, { drop: denseDropout, norm: false });
    return denseLayer(net, 'classifier', y, classes);
  },
});
