/**
 * `resnet18-48`: ResNet-18 (He et al. 2016) for 48×48 grey faces: a 3×3 stride-1 stem and no max-pool, so that the
 * first stage sees all 48×48 pixels. 2.49 GFLOP an image.
 */
import { convNorm, denseLayer, flatten, globalAveragePool } from '@mien/engine';
import type { Architecture } from '../architecture.ts';
import { residualBlock } from '../blocks/residual-block.ts';

export const resnet18Small: Architecture = {
  name: 'resnet18-48',
  description: 'ResNet-18 with a stride-1 stem and no max-pool, for small faces',
  input: [1, 48, 48],
  build:
    ({ classes }) =>
    (net, x) => {
      let y = convNorm(net, 'conv1', 'bn1', x, { channels: 64, activation: 'Relu' });
      for (const [stage, channels] of [64, 128, 256, 512].entries()) {
        for (let block = 0; block < 2; block++) {
          const stride = stage > 0 && block === 0 ? 2 : 1;
          y = residualBlock(net.scope(`layer${stage + 1}.${block}`), y, { channels, stride });
        }
      }
      return denseLayer(net, 'fc', flatten(globalAveragePool(y)), classes);
    },
};
