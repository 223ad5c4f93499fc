/**
 * `deeper-cnn`: four convolutions (the second 5×5) and two hidden dense layers of system C, 4,478,727 parameters at 48×48.
 * Layer table: system C; dropout rates, on which it is silent, are options. Our own writing of it (MIT). Measured result: docs/results.md.
 */
import { denseLayer, flatten } from '@mien/engine';
import { defineArchitecture } from '../architecture.ts';
import { convNormRelu, denseStage, dropoutOptions } from '../blocks/se-cnn-blocks.ts';

export const deeperCnn = defineArchitecture({
  name: 'deeper-cnn',
  description: 'Four convolutions and two hidden dense layers (system C)',
  input: [1, 48, 48],
  smallest: 16,
  options: dropoutOptions,
  head: ['hidden1', 'hidden2', 'classifier'],
  network: (net, x, { convDropout, denseDropout, classes }) => {
    const stage = { pool: true, drop: convDropout };
    let y = convNormRelu(net.scope('stage1'), x, { channels: 64, ...stage });
    y = convNormRelu(net.scope('stage2'), y, { channels: 128, kernel: 5, ...stage });
    y = convNormRelu(net.scope('stage3'), y, { channels: 512, ...stage });
    y = convNormRelu(net.scope('stage4'), y, { channels: 512, ...stage });
    y = denseStage(net.scope('hidden1'), flatten(y), 256, { drop: denseDropout });
    y = denseStage(net.scope('hidden2'), y, 512, { drop: denseDropout });
    return denseLayer(net, 'classifier', y, classes);
  },
});
