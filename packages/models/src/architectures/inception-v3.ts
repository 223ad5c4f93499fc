/**
 * `inception-v3` (Szegedy et al. 2016) with torchvision's layout and weight names (BSD-3). Changed: no auxiliary head, which
 * torchvision has while training (3,326,696 of its 27,161,264 parameters); width as an option. 23,834,568 parameters with 1,000 classes.
 * Its pretrained weights expect pixels scaled to −1…1. Measured result: docs/results.md.
 */
import { denseLayer, dropoutLayer, flatten, globalAveragePool, maxPool } from '@mien/engine';
import { defineArchitecture } from '../architecture.ts';
import { convUnit, inceptionA, inceptionB, inceptionC, inceptionD, inceptionE } from '../blocks/inception-blocks.ts';

export const inceptionV3 = defineArchitecture({
  name: 'inception-v3',
  description: 'InceptionV3 without its auxiliary head, torchvision layout',
  input: [3, 299, 299],
  smallest: 75,
  options: {
    width: { kind: 'number', default: 1, min: 0.125, max: 2, help: 'factor on all channel counts, rounded to multiples of 8; pretrained weights need 1' },
    dropout: { kind: 'number', default: 0.5, min: 0, max: 0.9, help: 'dropout before the classifier' },
  },
  head: ['fc'],
  network: (net, x, { width, dropout, classes }) => {
    let y = convUnit(net, 'Conv2d_1a_3x3', x, width, { channels: 32, kernel: 3, stride: 2 });
    y = convUnit(net, 'Conv2d_2a_3x3', y, width, { channels: 32, kernel: 3, padding: 0 });
    y = maxPool(convUnit(net, 'Conv2d_2b_3x3', y, width, { channels: 64, kernel: 3 }), 3, { stride: 2 });
    y = convUnit(net, 'Conv2d_3b_1x1', y, width, { channels: 80 });
    y = maxPool(convUnit(net, 'Conv2d_4a_3x3', y, width, { channels: 192, kernel: 3, padding: 0 }), 3, { stride: 2 }); // [N,192,35,35]
    y = inceptionA(net.scope('Mixed_5b'), y, width, 32);
    y = inceptionA(net.scope('Mixed_5c'), y, width, 64);
    y = inceptionA(net.scope('Mixed_5d'), y, width, 64);
    y = inceptionB(net.scope('Mixed_6a'), y, width); // [N,768,17,17]
    y = inceptionC(net.scope('Mixed_6b'), y, width, 128);
    y = inceptionC(net.scope('Mixed_6c'), y, width, 160);
    y = inceptionC(net.scope('Mixed_6d'), y, width, 160);
    y = inceptionC(net.scope('Mixed_6e'), y, width, 192);
    y = inceptionD(net.scope('Mixed_7a'), y, width); // [N,1280,8,8]
    y = inceptionE(net.scope('Mixed_7b'), y, width);
    y = inceptionE(net.scope('Mixed_7c'), y, width); // [N,2048,8,8]
    return denseLayer(net, 'fc', dropoutLayer(net, 'drop', flatten(globalAveragePool(y)), dropout), classes);
  },
});
