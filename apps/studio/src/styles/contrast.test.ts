import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { lineColours } from '../train/line-look.ts';
import { contrast } from './contrast.test-helper.ts';

const darkBlock = /@media \(prefers-color-scheme: dark\) \{((?:[^{}]*\{[^{}]*\})*)\s*\}/g;

/** A style sheet as it stands in the light, and what it says anew for the dark. */
async function sheet(name: string): Promise<{ light: string; dark: string }> {
  const text = await readFile(new URL(name, import.meta.url), 'utf8');
  return { light: text.replace(darkBlock, ''), dark: [...text.matchAll(darkBlock)].map(([, block]) => block).join('\n') };
}

const base = await sheet('base.css');
const train = await sheet('train.css');

/** The colour `#rrggbb` that follows `before`; in the dark the light one where nothing else is said. */
function colour({ light, dark }: { light: string; dark: string }, before: string, scheme: 'light' | 'dark'): string {
  const of = (text: string): string | undefined =>
    text
      .replace(/\n +/g, '\n')
      .split(before)[1]
      ?.match(/^\s*(#[0-9a-f]{6});/)?.[1];
  const found = (scheme === 'dark' ? of(dark) : undefined) ?? of(light);
  if (!found) throw new Error(`no colour after ${before}`);
  return found;
}

describe.each(['light', 'dark'] as const)('%s page', (scheme) => {
  const grounds = ['--paper:', '--surface:'].map((name) => colour(base, name, scheme));

  test('lines of runs stand out, and no two are alike', () => {
    const lines = Array.from({ length: lineColours }, (_, i) => colour(train, `.run-line-${i} {\ncolor:`, scheme));
    expect(new Set(lines).size).toBe(lineColours);
    for (const line of lines) for (const ground of grounds) expect(contrast(line, ground), `${line} on ${ground}`).toBeGreaterThanOrEqual(3);
  });

  test('what is typed into or chosen from has a border that stands out', () => {
    const border = colour(base, '--control-line:', scheme);
    for (const ground of grounds) expect(contrast(border, ground), `${border} on ${ground}`).toBeGreaterThanOrEqual(3);
    for (const control of ['select {', 'input:is('])
      expect(base.light.split(`\n${control}`)[1]!.split('}')[0]).toContain('border: 1px solid var(--control-line)');
  });
});
