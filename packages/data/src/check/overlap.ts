/** Rows of one split whose pixels also stand in another: a test that was partly learnt by heart. */
import type { Split, Store } from '../store/store.ts';
import { pixelDigest } from './scan.ts';

const blockRows = 512;

/**
 * Rows of `split` that are pixel-identical to a row of `other`, ascending row numbers within `split`. They are to be
 * counted, and accuracy given with and without them; a row's identity is its source, split and row number, not its pixels.
 * @throws UserError `unknown-split`.
 */
export async function overlap(store: Store, split: string, other: string): Promise<Uint32Array> {
  const known = new Set<string>();
  for await (const digest of digests(await store.split(other))) known.add(digest);
  const rows: number[] = [];
  let row = 0;
  for await (const digest of digests(await store.split(split))) {
    if (known.has(digest)) rows.push(row);
    row++;
  }
  return Uint32Array.from(rows);
}

async function* digests(split: Split): AsyncGenerator<string, void, void> {
  const block = new Uint8Array(Math.min(blockRows, split.count) * split.imageBytes);
  for (let start = 0; start < split.count; start += blockRows) {
    const count = Math.min(blockRows, split.count - start);
    await split.readImages(start, count, block);
    for (let r = 0; r < count; r++) yield pixelDigest(block.subarray(r * split.imageBytes, (r + 1) * split.imageBytes));
  }
}
