/**
 * `resnet18`, `resnet34`, `resnet50`: residual networks (He et al. 2016, table 1) with torchvision's layout and weight
 * names, so that its weights fit (BSD-3). Parameters with 1,000 classes: 11,689,512, 21,797,672 and 25,557,032.
 */
import { convNorm, denseLayer, flatten, globalAveragePool, maxPool } from '@mien/engine';
import type { Architecture } from '../architecture.ts';
import { bottleneckBlock } from '../blocks/bottleneck-block.ts';
import { residualBlock } from '../blocks/residual-block.ts';

function resnet(name: string, description: string, depths: readonly number[], bottleneck: boolean): Architecture {
  return {
    name,
    description,
    input: [3, 224, 224],
    build:
      ({ classes }) =>
      (net, x) => {
        let y = maxPool(convNorm(net, 'conv1', 'bn1', x, { channels: 64, kernel: 7, stride: 2, activation: 'Relu' }), 3, { stride: 2, padding: 1 });
        for (const [stage, depth] of depths.entries()) {
          for (let block = 0; block < depth; block++) {
            const inner = net.scope(`layer${stage + 1}.${block}`);
            const width = 64 * 2 ** stage;
            const stride = stage > 0 && block === 0 ? 2 : 1;
            y = bottleneck ? bottleneckBlock(inner, y, { width, stride }) : residualBlock(inner, y, { channels: width, stride });
          }
        }
        return denseLayer(net, 'fc', flatten(globalAveragePool(y)), classes);
      },
  };
}

export const resnet18 = resnet('resnet18', 'ResNet-18, torchvision layout', [2, 2, 2, 2], false);
export const resnet34 = resnet('resnet34', 'ResNet-34, torchvision layout', [3, 4, 6, 3], false);
export const resnet50 = resnet('resnet50', 'ResNet-50 (v1.5), torchvision layout', [3, 4, 6, 3], true);
