/** The stem option that MobileNetV2 and EfficientNet share. */
import type { OptionSpec } from '../options.ts';

export const mobileStem = {
  kind: 'choice',
  default: 'imagenet',
  choices: ['imagenet', 'small'],
  help: 'imagenet: stride 2; small: stride 1, for faces near 48×48; the weights are the same',
} as const satisfies OptionSpec;
