import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../test/pictures.ts';
import { DoneChunks } from './done-chunks.ts';
import { chunkFolder, chunksPerShard, labelFolder, shardFile } from './label-folder.ts';

it('finds what is on disk: shards, folders of chunks, and nothing that is half written', async () => {
  const folder = labelFolder(temporaryFolder('done'));
  for (const dir of [folder.chunks, folder.images, chunkFolder(folder.chunks, 300), chunkFolder(folder.chunks, 3), join(folder.chunks, '.partial-301-x')]) {
    mkdirSync(dir, { recursive: true });
  }
  writeFileSync(shardFile(folder.images, 0), '');
  writeFileSync(`${shardFile(folder.images, 1)}.partial`, '');
  const done = await DoneChunks.find(folder, 400);
  expect([0, 3, 255, 256, 300, 301].map((chunk) => done.has(chunk))).toEqual([true, true, true, false, true, false]);
  expect([...done.shards]).toEqual([0]);
  expect([...done.pending()].slice(0, 3)).toEqual([256, 257, 258]);
  expect([...done.pending()]).toHaveLength(400 - 256 - 1);
});

it('a shard is to be written once its chunks are all done; the last one is shorter', () => {
  const done = new DoneChunks(chunksPerShard + 2);
  expect(done.chunksOf(1)).toEqual([chunksPerShard, chunksPerShard + 1]);
  expect(done.add(chunksPerShard)).toBe(true);
  expect(done.add(chunksPerShard)).toBe(false);
  expect([...done.shardsToWrite()]).toEqual([]);
  done.add(chunksPerShard + 1);
  expect([...done.shardsToWrite()]).toEqual([1]);
  done.shards.add(1);
  expect([...done.shardsToWrite()]).toEqual([]);
});
