/** `shallow-cnn`: the smallest network of system C, 18,897,671 parameters, nearly all in its first dense layer. */
import { denseLayer, flatten } from '@mien/engine';
import type { Architecture } from '../architecture.ts';
import { convNormRelu, denseStage } from '../blocks/se-cnn-blocks.ts';

export const shallowCnn: Architecture = {
  name: 'shallow-cnn',
  description: 'Two convolutions and one hidden dense layer (system C)',
  input: [1, 48, 48],
  build:
    ({ classes }) =>
    (net, x) => {
      let y = convNormRelu(net.scope('stage1'), x, { channels: 32, drop: true });
      y = convNormRelu(net.scope('stage2'), y, { channels: 64, pool: true, drop: true });
      // The table shows no batch norm after the dense layer.
      y = denseStage(net.scope('hidden'), flatten(y), 512, { norm: false });
      return denseLayer(net, 'classifier', y, classes);
    },
};
