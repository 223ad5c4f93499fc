import { expect, it } from 'vitest';
import { parsePathMap } from './path-map.ts';

it('maps whole folders, the longest rule first', () => {
  const map = parsePathMap(['/data=/mnt/a', '/data/new/=/mnt/b/', '/x=/data']);
  expect(['/data', '/data/1.jpg', '/data/new/1.jpg', '/database/1.jpg', '/x/1.jpg', 'data/1.jpg'].map(map)).toEqual([
    '/mnt/a',
    '/mnt/a/1.jpg',
    '/mnt/b/1.jpg',
    '/database/1.jpg',
    '/data/1.jpg',
    'data/1.jpg',
  ]);
});

it.each(['/data', 'data=/mnt', '/data=mnt', '/a=/b=/c', '=', ''])('refuses %j', (rule) => {
  expect(() => parsePathMap([rule])).toThrow(expect.objectContaining({ code: 'bad-option' }));
});
