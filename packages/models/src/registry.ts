/** All architectures by name. */
import type { Architecture } from './architecture.ts';
import { deeperCnn } from './architectures/deeper-cnn.ts';
import { efficientnetB0 } from './architectures/efficientnet-b0.ts';
import { inceptionV3 } from './architectures/inception-v3.ts';
import { mienNet } from './architectures/mien-net.ts';
import { mienNetSmall } from './architectures/mien-net-small.ts';
import { mienSeResnet } from './architectures/mien-seresnet.ts';
import { mobilenetV2 } from './architectures/mobilenet-v2.ts';
import { resnet18 } from './architectures/resnet18.ts';
import { resnet34 } from './architectures/resnet34.ts';
import { resnet50 } from './architectures/resnet50.ts';
import { resnet18Small } from './architectures/resnet18-48.ts';
import { resnet18Cbam } from './architectures/resnet18-cbam.ts';
import { resnet18PatchAttention } from './architectures/resnet18-patch-attention.ts';
import { resnet18Regions } from './architectures/resnet18-regions.ts';
import { seCnn } from './architectures/se-cnn.ts';
import { seCnnImproved } from './architectures/se-cnn-improved.ts';
import { shallowCnn } from './architectures/shallow-cnn.ts';
import { vgg16 } from './architectures/vgg16.ts';
import { vgg16Bn } from './architectures/vgg16-bn.ts';
import { vgg19 } from './architectures/vgg19.ts';
import { vgg19Bn } from './architectures/vgg19-bn.ts';
import { vgg16Cbam } from './architectures/vgg16-cbam.ts';
import { vitSmall } from './architectures/vit-small.ts';

export const architectures: readonly Architecture[] = [
  // Ours
  mienNet,
  mienNetSmall,
  mienSeResnet,
  // System C
  shallowCnn,
  deeperCnn,
  seCnn,
  seCnnImproved,
  // Systems A, B and E, and what B names as its future
  resnet18PatchAttention,
  vgg16Cbam,
  resnet18Cbam,
  resnet18Regions,
  // Standard networks
  resnet18,
  resnet18Small,
  resnet34,
  resnet50,
  vgg16,
  vgg16Bn,
  vgg19,
  vgg19Bn,
  inceptionV3,
  mobilenetV2,
  efficientnetB0,
  vitSmall,
];

/** The architecture of this name, or undefined. */
export function findArchitecture(name: string): Architecture | undefined {
  return architectures.find((a) => a.name === name);
}
