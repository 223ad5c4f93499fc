import { expect, it } from 'vitest';
import { mapInOrder } from './in-order.ts';

it('gives results in the order of the items, no more than the limit under way', async () => {
  let underWay = 0;
  let most = 0;
  const results: number[] = [];
  const slowFirst = async (item: number) => {
    most = Math.max(most, ++underWay);
    for (let turn = 0; turn < 10 - item; turn++) await Promise.resolve();
    underWay--;
    return item * 2;
  };
  for await (const result of mapInOrder([0, 1, 2, 3, 4, 5, 6], 3, slowFirst)) results.push(result);
  expect(results).toEqual([0, 2, 4, 6, 8, 10, 12]);
  expect(most).toBe(3);
});

it('ends at the first error, after what was under way has ended', async () => {
  const begun: number[] = [];
  let running = 0;
  const failing = async (item: number) => {
    begun.push(item);
    running++;
    await Promise.resolve();
    running--;
    if (item >= 1) throw new Error(`item ${item}`);
    return item;
  };
  const all = async () => {
    for await (const result of mapInOrder([0, 1, 2, 3, 4, 5], 3, failing)) expect(result).toBe(0);
  };
  await expect(all()).rejects.toThrow('item 1');
  expect(begun).toEqual([0, 1, 2, 3]);
  expect(running).toBe(0);
});
