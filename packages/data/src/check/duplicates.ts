/** Groups of rows with the same pixels, and groups that look the same. */
import { closePairs } from './hash-index.ts';
import { noLabel } from '../store/manifest.ts';
import { readScanned, type Scan } from './scan.ts';

/**
 * Near duplicates: fingerprints differ in at most this many of 64 bits, and the pixels correlate at least this much.
 * Chosen by eye on FER2013: of 200 pairs drawn at random from the 1,841 that these limits let through, 199 show the same
 * photograph. How many such pairs they miss was not measured.
 */
const nearDistance = 8;
const nearCorrelation = 0.88;
/** A fingerprint of an image flatter than this (standard deviation, 0…255) is made of noise. */
const flattestContrast = 4;
/** Candidate pairs whose images are in memory at once. */
const pairsAtOnce = 1024;

/** Numbers of a scan, ascending, two or more. */
export type Group = readonly number[];

export interface GroupCounts {
  groups: number;
  /** Rows in these groups. */
  images: number;
  /** Groups with labelled rows in two splits or more. */
  acrossSplits: number;
  /** Groups with two labels or more. */
  conflictingLabels: number;
}

/** Groups of rows whose pixels are identical, in the order of their first rows. */
export function exactGroups(scan: Scan): Group[] {
  const groups = new Map<number, number[]>();
  for (let i = 0; i < scan.count; i++) {
    const first = scan.firstAlike[i] as number;
    if (first === i) continue;
    const group = groups.get(first);
    if (group) group.push(i);
    else groups.set(first, [first, i]);
  }
  return [...groups.values()].sort((a, b) => (a[0] as number) - (b[0] as number));
}

/** Class indices that rows of the group carry, each once; rows without a label contradict nothing. */
export function labelsOf(scan: Scan, group: Group): number[] {
  return [...new Set(group.map((i) => scan.labels[i] as number))].filter((label) => label !== noLabel);
}

/** Whether labelled rows of the group stand in two splits or more: rows without a label are not measured on. */
export function spansSplits(scan: Scan, group: Group): boolean {
  return new Set(group.filter((i) => scan.labels[i] !== noLabel).map((i) => scan.splitOf[i])).size > 1;
}

export function countGroups(scan: Scan, groups: readonly Group[]): GroupCounts {
  return {
    groups: groups.length,
    images: groups.reduce((sum, group) => sum + group.length, 0),
    acrossSplits: groups.filter((group) => spansSplits(scan, group)).length,
    conflictingLabels: groups.filter((group) => labelsOf(scan, group).length > 1).length,
  };
}

/**
 * Groups of rows that show the same picture with small changes (another cut, brightness, a watermark) and are not
 * pixel-identical; of identical rows only the first takes part. Groups are chains: each row looks like one other of its group.
 */
export async function nearGroups(scan: Scan): Promise<Group[]> {
  const items: number[] = [];
  for (let i = 0; i < scan.count; i++) if (scan.firstAlike[i] === i && (scan.contrast[i] as number) >= flattestContrast) items.push(i);
  const hashes = new Uint32Array(2 * items.length);
  for (const [at, i] of items.entries()) hashes.set(scan.hashes.subarray(2 * i, 2 * i + 2), 2 * at);
  const chains = new Chains();
  let some: [a: number, b: number][] = [];
  const compare = async (): Promise<void> => {
    const images = await readScanned(scan, some.flat());
    for (const [k, [a, b]] of some.entries()) {
      if (correlation(images[2 * k] as Uint8Array, images[2 * k + 1] as Uint8Array) >= nearCorrelation) chains.join(a, b);
    }
    some = [];
  };
  for (const [first, second] of closePairs(hashes, nearDistance)) {
    const [a, b] = [items[first] as number, items[second] as number];
    // Of one chain already, whatever the pictures say: frames of a film are all close to each other.
    if (chains.areJoined(a, b)) continue;
    some.push([a, b]);
    if (some.length === pairsAtOnce) await compare();
  }
  await compare();
  return chains.groups();
}

/** Pearson's correlation of the samples, −1…1; indifferent to brightness and contrast. */
export function correlation(a: Uint8Array, b: Uint8Array): number {
  let [sumA, sumB, sumAA, sumBB, sumAB] = [0, 0, 0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const x = a[i] as number;
    const y = b[i] as number;
    sumA += x;
    sumB += y;
    sumAA += x * x;
    sumBB += y * y;
    sumAB += x * y;
  }
  const spread = (a.length * sumAA - sumA * sumA) * (a.length * sumBB - sumB * sumB);
  return spread > 0 ? (a.length * sumAB - sumA * sumB) / Math.sqrt(spread) : 0;
}

/** Disjoint sets that grow together. */
class Chains {
  readonly #parent = new Map<number, number>();

  areJoined(a: number, b: number): boolean {
    // Looking one up puts it on record.
    return this.#parent.has(a) && this.#parent.has(b) && this.#root(a) === this.#root(b);
  }

  join(a: number, b: number): void {
    const [first, second] = [this.#root(a), this.#root(b)];
    this.#parent.set(Math.max(first, second), Math.min(first, second));
  }

  groups(): Group[] {
    const byRoot = new Map<number, number[]>();
    for (const item of [...this.#parent.keys()].sort((a, b) => a - b)) {
      const root = this.#root(item);
      const group = byRoot.get(root);
      if (group) group.push(item);
      else byRoot.set(root, [item]);
    }
    return [...byRoot.values()];
  }

  #root(item: number): number {
    let root = item;
    for (let up = this.#parent.get(root) ?? root; up !== root; up = this.#parent.get(root) ?? root) root = up;
    this.#parent.set(item, root);
    return root;
  }
}
