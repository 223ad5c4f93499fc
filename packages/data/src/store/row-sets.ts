/** Rows by where they came from, in a form short enough for a model's card, so that an evaluation knows the rows again in any store. */
import type { StoreSource } from './manifest.ts';
import type { Split } from './store.ts';

export interface RowSet {
  /** Name of the data set, and its own split, that the rows came from. */
  readonly source: string;
  readonly split: string;
  /** Their numbers there: ranges as `0-9 12`, or `bits:` and a bit a row in base64, or `any` where even that would be long. */
  readonly rows: string;
}

/** Longest text kept for the rows of one source: 384,000 rows chosen at random. */
const longest = 64_000;
const bitsPrefix = 'bits:';
const anyRow = 'any';

function asRanges(rows: Uint32Array): string {
  const ranges: string[] = [];
  for (let from = 0; from < rows.length; ) {
    let to = from;
    while (rows[to + 1] === rows[to]! + 1) to++;
    ranges.push(from === to ? `${rows[from]}` : `${rows[from]}-${rows[to]}`);
    from = to + 1;
  }
  return ranges.join(' ');
}

function asBits(rows: Uint32Array): string {
  const bits = new Uint8Array((rows.at(-1)! >> 3) + 1);
  for (const row of rows) bits[row >> 3]! |= 1 << (row & 7);
  return bitsPrefix + Buffer.from(bits).toString('base64');
}

function encodeRows(rows: Uint32Array): string {
  const [ranges, bits] = [asRanges(rows), asBits(rows)];
  const shorter = ranges.length <= bits.length ? ranges : bits;
  return shorter.length <= longest ? shorter : anyRow;
}

/** True for the rows of the text; text that is no set of rows holds none. */
function decodeRows(text: string): (row: number) => boolean {
  if (text === anyRow) return () => true;
  if (text.startsWith(bitsPrefix)) {
    const bits = Buffer.from(text.slice(bitsPrefix.length), 'base64');
    return (row) => ((bits[row >> 3] ?? 0) & (1 << (row & 7))) !== 0;
  }
  // Ascending, as they are written; a range may hold millions.
  const ranges = text.split(' ').flatMap((range) => {
    const [from, to = from] = range.split('-').map(Number) as [number, number?];
    return from <= to! ? [[from, to!] as const] : [];
  });
  ranges.sort(([a], [b]) => a - b);
  return (row) => {
    let [low, high] = [0, ranges.length];
    // The last range that begins at the row or before it.
    while (low < high) {
      const middle = (low + high) >> 1;
      if (ranges[middle]![0] <= row) low = middle + 1;
      else high = middle;
    }
    return low > 0 && row <= ranges[low - 1]![1];
  };
}

/** The rows of a split by source, each source once, in the order they first occur. */
export async function rowSetsOf(split: Split, rows: ArrayLike<number>, sources: readonly StoreSource[]): Promise<RowSet[]> {
  if (rows.length === 0) return [];
  const { source, row } = await split.readProvenance();
  const held = new Map<string, { readonly source: string; readonly split: string; readonly rows: number[] }>();
  for (let i = 0; i < rows.length; i++) {
    const from = sources[source[rows[i]!]!]!;
    const key = JSON.stringify([from.name, from.split]);
    const set = held.get(key) ?? { source: from.name, split: from.split, rows: [] };
    held.set(key, set);
    set.rows.push(row[rows[i]!]!);
  }
  return [...held.values()].map((set) => ({ ...set, rows: encodeRows(Uint32Array.from(new Set(set.rows)).sort()) }));
}

/** Row numbers within the split, ascending, of those rows that stand in one of the sets. */
export async function rowsInSets(split: Split, sets: readonly RowSet[], sources: readonly StoreSource[]): Promise<Uint32Array> {
  const tests = sources.map(({ name, split: from }) => sets.filter((set) => set.source === name && set.split === from).map(({ rows }) => decodeRows(rows)));
  if (tests.every((of) => of.length === 0)) return new Uint32Array(0);
  const { source, row } = await split.readProvenance();
  return Uint32Array.from({ length: split.count }, (_, i) => i).filter((i) => tests[source[i]!]!.some((holds) => holds(row[i]!)));
}
