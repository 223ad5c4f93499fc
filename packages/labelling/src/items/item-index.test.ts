import { existsSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../../test/pictures.ts';
import type { Item } from './item.ts';
import { ItemIndex, ItemIndexWriter, readItems } from './item-index.ts';

const folder = temporaryFolder('index');
const [file, offsets] = [join(folder, 'items.jsonl'), join(folder, 'items.offsets')];

const item: fc.Arbitrary<Item> = fc.oneof(
  fc.record({ file: fc.string({ unit: 'binary' }) }),
  fc.record({ archive: fc.string(), entry: fc.string({ unit: 'binary' }), at: fc.nat(), size: fc.nat() }),
  fc.record({ video: fc.string(), frame: fc.nat(), rate: fc.constantFrom(1, 0.1, 29.97) }),
  fc.record({ bad: fc.string(), code: fc.string(), message: fc.string() }),
);

it('every chunk gives back its items, whatever their names, and nothing else', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(item, { maxLength: 40 }), fc.integer({ min: 1, max: 9 }), async (items, chunkSize) => {
      const writer = await ItemIndexWriter.open(file, offsets, chunkSize);
      for (const one of items) await writer.add(one);
      const { chunks } = await writer.finish();
      expect(chunks).toBe(Math.ceil(items.length / chunkSize));
      const index = await ItemIndex.open(offsets, items.length, chunkSize);
      const found: Item[] = [];
      for (let chunk = 0; chunk < index.chunks; chunk++) {
        const range = index.range(chunk);
        expect(range.first).toBe(found.length);
        found.push(...(await readItems(file, range)));
      }
      expect(found).toEqual(items);
    }),
    { numRuns: 40 },
  );
});

it('nothing is in place before it is finished, and abandoning leaves nothing', async () => {
  const [other, otherOffsets] = [join(folder, 'other'), join(folder, 'other.offsets')];
  const writer = await ItemIndexWriter.open(other, otherOffsets, 2);
  await writer.add({ file: 'a' });
  expect(existsSync(other)).toBe(false);
  await writer.abandon();
  expect(existsSync(`${other}.partial`)).toBe(false);
});

it('a damaged index is noticed, not read past', async () => {
  const writer = await ItemIndexWriter.open(file, offsets, 2);
  for (const name of ['a', 'b', 'c']) await writer.add({ file: name });
  await writer.finish();
  const index = await ItemIndex.open(offsets, 3, 2);
  truncateSync(file, 6);
  await expect(readItems(file, index.range(1))).rejects.toThrow('ends at byte');
  await expect(ItemIndex.open(offsets, 99, 2)).rejects.toThrow('offsets are needed');
});
