/**
 * Finds hashes that differ in few bits without comparing all with all (multi-index hashing, Norouzi et al. 2012): of 64
 * bits in four words of 16, a pair that differs in at most 11 bits differs in at most 2 of some word, so it is enough
 * to look up every word with up to 2 bits changed.
 */
import { bitCount } from './perceptual-hash.ts';

const words = 4;
const wordBits = 16;
const bitsChanged = 2;
/** The largest distance for which the search is complete: words · (bitsChanged + 1) − 1. */
export const largestDistance = 11;

/** Every change of up to two bits of a word. */
const changes: readonly number[] = (() => {
  const masks = [0];
  for (let i = 0; i < wordBits; i++) {
    masks.push(1 << i);
    for (let j = 0; j < i; j++) masks.push((1 << i) | (1 << j));
  }
  return masks;
})();

/**
 * Every pair a < b whose hashes differ in at most `distance` bits, once: of pictures that are all alike there are n²/2, so they are
 * found one by one.
 * @param hashes two 32-bit words for each of the n items.
 */
export function* closePairs(hashes: Uint32Array, distance: number): Generator<[a: number, b: number, distance: number], void, void> {
  if (distance > largestDistance) throw new RangeError(`closePairs: distance ${distance} is beyond ${largestDistance}`);
  const count = hashes.length / 2;
  for (let word = 0; word < words; word++) {
    const { starts, items } = buckets(hashes, word, count);
    for (let a = 0; a < count; a++) {
      const value = wordOf(hashes, a, word);
      for (const change of changes) {
        const bucket = value ^ change;
        // Items of a bucket are in ascending order: from the end, as long as they lie above a.
        for (let at = (starts[bucket + 1] as number) - 1; at >= (starts[bucket] as number); at--) {
          const b = items[at] as number;
          if (b <= a) break;
          const apart =
            bitCount((hashes[2 * a] as number) ^ (hashes[2 * b] as number)) + bitCount((hashes[2 * a + 1] as number) ^ (hashes[2 * b + 1] as number));
          if (apart <= distance && !foundEarlier(hashes, a, b, word)) yield [a, b, apart];
        }
      }
    }
  }
}

/** Items by the value of one word: those of value v stand at items[starts[v]…starts[v+1]−1]. */
function buckets(hashes: Uint32Array, word: number, count: number): { starts: Uint32Array; items: Uint32Array } {
  const starts = new Uint32Array((1 << wordBits) + 1);
  for (let i = 0; i < count; i++) starts[wordOf(hashes, i, word) + 1]!++;
  for (let value = 0; value < 1 << wordBits; value++) starts[value + 1]! += starts[value] as number;
  const next = starts.slice();
  const items = new Uint32Array(count);
  for (let i = 0; i < count; i++) items[next[wordOf(hashes, i, word)]!++] = i;
  return { starts, items };
}

function foundEarlier(hashes: Uint32Array, a: number, b: number, word: number): boolean {
  for (let earlier = 0; earlier < word; earlier++) if (bitCount(wordOf(hashes, a, earlier) ^ wordOf(hashes, b, earlier)) <= bitsChanged) return true;
  return false;
}

function wordOf(hashes: Uint32Array, item: number, word: number): number {
  return ((hashes[2 * item + (word >> 1)] as number) >>> (wordBits * (word & 1))) & 0xffff;
}
