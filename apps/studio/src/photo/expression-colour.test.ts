import { readFile } from 'node:fs/promises';
import { expressions } from '@mien/runtime';
import { expect, test } from 'vitest';
import { contrast } from '../styles/contrast.test-helper.ts';
import { expressionClass } from './expression-class.ts';
import { expressionColour } from './expression-colour.ts';

test('canvas and page agree on every colour, and texts can be read on it', async () => {
  const sheet = (await readFile(new URL('../styles/expressions.css', import.meta.url), 'utf8')).replace(/@media[^{]*\{(?:[^{}]*\{[^{}]*\})*\s*\}/g, '');
  const classes = [...expressions.map((label) => expressionClass(label, 0)), ...Array.from({ length: 9 }, (_, place) => expressionClass('my own', place))];
  for (const name of classes) {
    const { fill, text } = expressionColour(name);
    expect(sheet, name).toContain(`.${name} {\n  --hue: ${fill};`);
    expect(contrast(fill, text), name).toBeGreaterThan(4.5);
  }
});
