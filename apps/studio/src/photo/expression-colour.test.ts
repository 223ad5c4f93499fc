import { readFile } from 'node:fs/promises';
import { expressions } from '@mien/runtime';
import { expect, test } from 'vitest';
import { expressionClass } from './expression-class.ts';
import { expressionColour } from './expression-colour.ts';

/** Contrast of two colours `#rrggbb` by WCAG 2. */
function contrast(a: string, b: string): number {
  const [light, dark] = [a, b]
    .map((colour) => {
      const [r, g, b] = [1, 3, 5].map((at) => {
        const v = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
        return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
    })
    .sort((a, b) => b - a) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

test('canvas and page agree on every colour, and texts can be read on it', async () => {
  const sheet = (await readFile(new URL('../styles/expressions.css', import.meta.url), 'utf8')).replace(/@media[^{]*\{(?:[^{}]*\{[^{}]*\})*\s*\}/g, '');
  const classes = [...expressions.map((label) => expressionClass(label, 0)), ...Array.from({ length: 9 }, (_, place) => expressionClass('my own', place))];
  for (const name of classes) {
    const { fill, text } = expressionColour(name);
    expect(sheet, name).toContain(`.${name} {\n  --hue: ${fill};`);
    expect(contrast(fill, text), name).toBeGreaterThan(4.5);
  }
});
