/** Rows of a store with everything it holds of them, ready to be appended to another store. */
import type { StoreRow } from './split-parts.ts';
import type { Split } from './store.ts';

/** Images read at once. */
const blockRows = 1024;

/** A row, and where in its split it stands. */
export interface FullRow extends StoreRow {
  position: number;
  source: number;
  row: number;
}

/** Every column of a split but its images. */
export interface SplitColumns {
  source: Uint16Array;
  row: Uint32Array;
  votes: Uint8Array | undefined;
  paths: string[] | undefined;
  subjects: { subject: Uint32Array; names: readonly string[] } | undefined;
  sizes: Uint16Array | undefined;
}

export async function readColumns(split: Split): Promise<SplitColumns> {
  return {
    ...(await split.readProvenance()),
    votes: await split.readVotes(),
    paths: await split.readPaths(),
    subjects: await split.readSubjects(),
    sizes: await split.readSizes(),
  };
}

/** All rows of a split in order. `image` is a view that is valid until the next row is asked for. */
export async function* readRows(split: Split): AsyncGenerator<FullRow, void, void> {
  const columns = await readColumns(split);
  const { imageBytes } = split;
  const block = new Uint8Array(Math.min(blockRows, split.count) * imageBytes);
  for (let start = 0; start < split.count; start += blockRows) {
    const count = Math.min(blockRows, split.count - start);
    await split.readImages(start, count, block);
    for (let i = 0; i < count; i++) yield rowAt(split, columns, start + i, block.subarray(i * imageBytes, (i + 1) * imageBytes));
  }
}

/** The row at `position` with the image given. */
export function rowAt(split: Split, columns: SplitColumns, position: number, image: Uint8Array): FullRow {
  const { votes, paths, subjects, sizes } = columns;
  const voteCount = split.voteNames?.length ?? 0;
  const subject = subjects?.subject[position] ?? 0;
  return {
    split: split.name,
    position,
    label: split.labels[position] as number,
    image,
    source: columns.source[position] as number,
    row: columns.row[position] as number,
    votes: votes?.subarray(position * voteCount, (position + 1) * voteCount),
    path: paths?.[position],
    subject: subject === 0 ? undefined : subjects?.names[subject - 1],
    size: sizes && [sizes[2 * position] as number, sizes[2 * position + 1] as number],
  };
}
