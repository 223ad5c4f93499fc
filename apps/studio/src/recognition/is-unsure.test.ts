import { defaultAbstainThreshold } from '@mien/live';
import type { ModelCard } from '@mien/runtime';
import { expect, test } from 'vitest';
import { isUnsure } from './is-unsure.ts';

const face = (p: number) => ({ expression: 'happy', probabilities: { happy: p, sad: 1 - p } });

test('below the threshold of the card a face is unsure, at it sure', () => {
  const card = { abstain: { threshold: 0.7 } } as ModelCard;
  expect(isUnsure(face(0.69), card)).toBe(true);
  expect(isUnsure(face(0.7), card)).toBe(false);
});

test('a card without a threshold stands for the default one', () => {
  expect(isUnsure(face(defaultAbstainThreshold - 0.01), {})).toBe(true);
  expect(isUnsure(face(defaultAbstainThreshold), {})).toBe(false);
});
