/** All architectures by name. */
import type { Architecture } from './architecture.ts';
import { deeperCnn } from './architectures/deeper-cnn.ts';
import { efficientnetB0 } from './architectures/efficientnet-b0.ts';
import { mienSeResnet } from './architectures/mien-seresnet.ts';
import { mobilenetV2 } from './architectures/mobilenet-v2.ts';
import { resnet18, resnet34, resnet50 } from './architectures/resnet.ts';
import { resnet18Small } from './architectures/resnet18-48.ts';
import { seCnn } from './architectures/se-cnn.ts';
import { seCnnImproved } from './architectures/se-cnn-improved.ts';
import { shallowCnn } from './architectures/shallow-cnn.ts';
import { vgg16, vgg19 } from './architectures/vgg.ts';

export const architectures: readonly Architecture[] = [
  shallowCnn,
  deeperCnn,
  seCnn,
  seCnnImproved,
  resnet18Small,
  mienSeResnet,
  resnet18,
  resnet34,
  resnet50,
  vgg16,
  vgg19,
  mobilenetV2,
  efficientnetB0,
];

/** The architecture of this name, or undefined. */
export function findArchitecture(name: string): Architecture | undefined {
  return architectures.find((a) => a.name === name);
}
