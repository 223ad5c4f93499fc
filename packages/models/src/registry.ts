/** All architectures by name. */
import type { Architecture } from './architecture.ts';
import { deeperCnn } from './architectures/deeper-cnn.ts';
import { mienSeResnet } from './architectures/mien-seresnet.ts';
import { resnet18Small } from './architectures/resnet18-48.ts';
import { seCnn } from './architectures/se-cnn.ts';
import { seCnnImproved } from './architectures/se-cnn-improved.ts';
import { shallowCnn } from './architectures/shallow-cnn.ts';

export const architectures: readonly Architecture[] = [shallowCnn, deeperCnn, seCnn, seCnnImproved, resnet18Small, mienSeResnet];

/** The architecture of this name, or undefined. */
export function findArchitecture(name: string): Architecture | undefined {
  return architectures.find((a) => a.name === name);
}
