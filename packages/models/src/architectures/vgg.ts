/**
 * `vgg16`, `vgg19` (Simonyan & Zisserman 2015, table 1 D and E), torchvision's layout and weight names, flattened head.
 * Parameters with 1,000 classes: 138,357,544 and 143,667,240.
 */
import { convLayer, denseLayer, dropoutLayer, flatten, maxPool, relu } from '@mien/engine';
import type { Architecture } from '../architecture.ts';

const widths = [64, 128, 256, 512, 512];

function vgg(name: string, description: string, depths: readonly number[]): Architecture {
  return {
    name,
    description,
    input: [3, 224, 224],
    build:
      ({ classes }) =>
      (net, x) => {
        let y = x;
        // torchvision numbers convolutions, ReLUs and pools in one sequence.
        let at = 0;
        for (const [stage, depth] of depths.entries()) {
          for (let i = 0; i < depth; i++) {
            y = relu(convLayer(net, `features.${at}`, y, { channels: widths[stage]! }));
            at += 2;
          }
          y = maxPool(y);
          at++;
        }
        y = relu(denseLayer(net, 'classifier.0', flatten(y), 4096));
        y = relu(denseLayer(net, 'classifier.3', dropoutLayer(net, 'classifier.2', y, 0.5), 4096));
        return denseLayer(net, 'classifier.6', dropoutLayer(net, 'classifier.5', y, 0.5), classes);
      },
  };
}

export const vgg16 = vgg('vgg16', 'VGG16, torchvision layout with its dense head', [2, 2, 3, 3, 3]);
export const vgg19 = vgg('vgg19', 'VGG19, torchvision layout with its dense head', [2, 2, 4, 4, 4]);
