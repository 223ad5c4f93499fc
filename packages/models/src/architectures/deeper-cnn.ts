/** `deeper-cnn`: four convolutions (the second 5×5) and two hidden dense layers of system C, 4,478,727 parameters. */
import { denseLayer, flatten } from '@mien/engine';
import type { Architecture } from '../architecture.ts';
import { convNormRelu, denseStage } from '../blocks/se-cnn-blocks.ts';

export const deeperCnn: Architecture = {
  name: 'deeper-cnn',
  description: 'Four convolutions and two hidden dense layers (system C)',
  input: [1, 48, 48],
  build:
    ({ classes }) =>
    (net, x) => {
      const stage = { pool: true, drop: true };
      let y = convNormRelu(net.scope('stage1'), x, { channels: 64, ...stage });
      y = convNormRelu(net.scope('stage2'), y, { channels: 128, kernel: 5, ...stage });
      y = convNormRelu(net.scope('stage3'), y, { channels: 512, ...stage });
      y = convNormRelu(net.scope('stage4'), y, { channels: 512, ...stage });
      y = denseStage(net.scope('hidden1'), flatten(y), 256);
      y = denseStage(net.scope('hidden2'), y, 512);
      return denseLayer(net, 'classifier', y, classes);
    },
};
