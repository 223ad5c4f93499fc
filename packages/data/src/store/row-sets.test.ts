import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { makeStore, temporaryDir } from '../../test/fixtures.ts';
import { mergeStores } from '../merge/merge.ts';
import { rowSetsOf, rowsInSets } from './row-sets.ts';
import { openStore, type Split } from './store.ts';

const sources = [{ name: 'a', form: 'test', split: 'train', count: 1000, file: 'none' }];
/** A split of one source whose rows have these numbers there. */
const splitOf = (rows: readonly number[], source = rows.map(() => 0)): Split =>
  ({ count: rows.length, readProvenance: async () => ({ source: Uint16Array.from(source), row: Uint32Array.from(rows) }) }) as unknown as Split;

test('any rows are known again, however they are written down', async () => {
  const some = fc.uniqueArray(fc.nat(2000), { minLength: 1, maxLength: 300 });
  await fc.assert(
    fc.asyncProperty(some, some, async (learnt, asked) => {
      const sets = await rowSetsOf(
        splitOf(learnt),
        learnt.map((_, i) => i),
        sources,
      );
      const seen = await rowsInSets(splitOf(asked), sets, sources);
      expect([...seen].map((i) => asked[i])).toEqual(asked.filter((row) => learnt.includes(row)));
    }),
  );
});

test('a range of a hundred million rows costs nothing, and what is no set of rows holds none', async () => {
  const seen = async (rows: string): Promise<number[]> => [
    ...(await rowsInSets(splitOf([0, 7, 99_999_999, 100_000_000]), [{ source: 'a', split: 'train', rows }], sources)),
  ];
  expect(await seen('5-99999999')).toEqual([1, 2]);
  expect(await seen('0 7')).toEqual([0, 1]);
  expect(await seen('x-y 9-3 7')).toEqual([1]);
});

test('a whole split is two numbers, half of one a bit a row, and what would be longer than a card is every row', async () => {
  const rowsOf = async (rows: readonly number[]): Promise<string> =>
    (
      await rowSetsOf(
        splitOf(rows),
        rows.map((_, i) => i),
        sources,
      )
    )[0]!.rows;
  expect(await rowsOf(Array.from({ length: 28_709 }, (_, i) => i))).toBe('0-28708');
  const half = await rowsOf(Array.from({ length: 3589 }, (_, i) => i).filter((i) => (i * 7919) % 5 < 2));
  expect(half).toMatch(/^bits:/);
  expect(half.length).toBeLessThan(620);
  expect(await rowsOf(Array.from({ length: 300_000 }, (_, i) => 2 * i))).toBe('any');
});

test('are known by the data set they came from in a merged store, and not taken for those of another', async () => {
  const dir = temporaryDir();
  const one = await openStore(makeStore(join(dir, 'one'), { train: [0, 1, 0] }, { name: 'one' }));
  const two = await openStore(makeStore(join(dir, 'two'), { train: [0, 1] }, { name: 'two' }));
  const split = await one.split('train');
  const learnt = await rowSetsOf(split, [0, 2], one.manifest.sources);
  expect(learnt).toEqual([{ source: 'one', split: 'train', rows: '0 2' }]);
  expect([...(await rowsInSets(await two.split('train'), learnt, two.manifest.sources))]).toEqual([]);
  await Promise.all([one.close(), two.close()]);
  await mergeStores([join(dir, 'two'), join(dir, 'one')], { out: join(dir, 'both') });
  const both = await openStore(join(dir, 'both'));
  const seen: string[] = [];
  for (const name of both.splitNames) {
    const part = await both.split(name);
    const { source, row } = await part.readProvenance();
    for (const i of await rowsInSets(part, learnt, both.manifest.sources)) seen.push(`${both.manifest.sources[source[i]!]!.name} ${row[i]}`);
  }
  expect(seen.sort()).toEqual(['one 0', 'one 2']);
  await both.close();
});
