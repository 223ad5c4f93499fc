/** The examples run as they stand. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const run = (...args: string[]): string => execFileSync('node', args, { cwd: root, encoding: 'utf8' });

it('examples/photo-to-expressions.mjs names the expressions in a photograph', () => {
  expect(run('examples/photo-to-expressions.mjs', 'node_modules/@vladmandic/face-api/demo/sample1.jpg')).toMatch(/^(\w+ \(\d+ %\) at -?\d+,-?\d+\n)+$/);
});

it('examples/train-a-tiny-network.mjs learns', () => {
  expect(run('examples/train-a-tiny-network.mjs')).toMatch(/step 30: loss 0\.[0-2]\d+\n$/);
});
