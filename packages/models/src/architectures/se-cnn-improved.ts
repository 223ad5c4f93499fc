/**
 * `se-cnn-improved`: the narrower network of system C that generalised best, 5,235,335 parameters and 0.224 GFLOP at 48×48.
 * Layer table: system C; dropout rates, on which it is silent, are options. Our own writing of it (MIT). Measured result: docs/results.md.
 */
import { denseLayer, flatten } from '@mien/engine';
import { defineArchitecture } from '../architecture.ts';
import { convReluNormSe, denseStage, dropoutOptions } from '../blocks/se-cnn-blocks.ts';

export const seCnnImproved = defineArchitecture({
  name: 'se-cnn-improved',
  description: 'Four narrow convolutions with squeeze-and-excitation (system C, its best)',
  input: [1, 48, 48],
  smallest: 8,
  options: dropoutOptions,
  head: ['hidden1', 'hidden2', 'classifier'],
  network: (net, x, { convDropout, denseDropout, classes }) => {
    let y = convReluNormSe(net.scope('stage1'), x, { channels: 32 });
    y = convReluNormSe(net.scope('stage2'), y, { channels: 64, pool: true, drop: convDropout });
    y = convReluNormSe(net.scope('stage3'), y, { channels: 128, pool: true });
    y = convReluNormSe(net.scope('stage4'), y, { channels: 128, pool: true, drop: convDropout });
    y = denseStage(net.scope('hidden1'), flatten(y), 1024, { drop: denseDropout, reluFirst: true });
    y = denseStage(net.scope('hidden2'), y, 256, { drop: denseDropout, reluFirst: true });
    return denseLayer(net, 'classifier', y, classes);
  },
});
