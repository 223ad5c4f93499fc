/** Dividing rows into parts of given shares, every class in the same shares, all faces of one person in one part. */
import { randomFor, shuffle } from './random.ts';

/**
 * Which part each row goes to. Every class is divided in the shares asked for, to the nearest row. Rows with a subject
 * (number above 0) keep together with all rows of it, so their classes are divided only about as asked.
 * @param labels [N], class of each row.
 * @param shares of the parts, summing to 1.
 * @param subjects [N], 0 for a row whose subject is not known.
 * @returns [N], index of the part.
 */
export function partition(labels: ArrayLike<number>, shares: readonly number[], seed: number | string, subjects?: ArrayLike<number>): Uint8Array {
  const total = shares.reduce((sum, share) => sum + share, 0);
  if (shares.some((share) => !(share >= 0)) || Math.abs(total - 1) > 1e-6) throw new RangeError(`partition: shares must be ≥ 0 and sum to 1, came ${shares}`);
  const parts = new Uint8Array(labels.length);
  const alone = new Map<number, number[]>();
  const groups = new Map<number, number[]>();
  for (let row = 0; row < labels.length; row++) {
    const subject = subjects?.[row] ?? 0;
    const [map, key] = subject > 0 ? [groups, subject] : [alone, labels[row] as number];
    const rows = map.get(key);
    if (rows) rows.push(row);
    else map.set(key, [row]);
  }
  for (const [label, rows] of alone) divideClass(rows, shares, seed, label, parts);
  divideGroups([...groups.values()], labels, shares, seed, parts);
  return parts;
}

/** k parts of equal size: train on all but one, measure on that one, k times. Arguments as of {@link partition}. */
export function stratifiedFolds(labels: ArrayLike<number>, folds: number, seed: number | string, subjects?: ArrayLike<number>): Uint8Array {
  if (!(Number.isInteger(folds) && folds >= 2 && folds <= 255)) throw new RangeError(`stratifiedFolds: folds must be a whole number of 2…255, came ${folds}`);
  return partition(labels, new Array<number>(folds).fill(1 / folds), seed, subjects);
}

function divideClass(rows: readonly number[], shares: readonly number[], seed: number | string, label: number, parts: Uint8Array): void {
  // The class is a key of its own stream, so that rows of one class do not change the choice in another.
  const order = shuffle(Uint32Array.from(rows), randomFor(seed, 'partition', label));
  let reached = 0;
  let from = 0;
  for (const [part, share] of shares.entries()) {
    reached += share;
    const to = part === shares.length - 1 ? order.length : Math.round(reached * order.length);
    for (; from < to; from++) parts[order[from] as number] = part;
  }
}

/** Largest first, each group to the part that it brings nearest to its goals, in shares of the goals, so that small parts and classes count as much. */
function divideGroups(groups: readonly number[][], labels: ArrayLike<number>, shares: readonly number[], seed: number | string, parts: Uint8Array): void {
  const classes = 1 + groups.flat().reduce((highest, row) => Math.max(highest, labels[row] as number), 0);
  const wanted = new Float64Array(classes);
  for (const row of groups.flat()) wanted[labels[row] as number]!++;
  const total = wanted.reduce((sum, count) => sum + count, 0);
  const filled = shares.map(() => new Float64Array(classes));
  const sizes = new Float64Array(shares.length);
  const order = [...shuffle(Uint32Array.from(groups.keys()), randomFor(seed, 'partition', 'subjects'))]
    .map((index) => groups[index] as number[])
    .sort((a, b) => b.length - a.length);
  for (const rows of order) {
    const counts = new Float64Array(classes);
    for (const row of rows) counts[labels[row] as number]!++;
    let best = 0;
    let bestGain = Number.NEGATIVE_INFINITY;
    for (const [part, share] of shares.entries()) {
      if (share === 0) continue;
      let gain = 0;
      for (let k = 0; k < classes; k++) {
        const goal = share * (wanted[k] as number);
        const before = (filled[part]?.[k] as number) - goal;
        gain += (Math.abs(before) - Math.abs(before + (counts[k] as number))) / Math.max(1, goal) / classes;
      }
      // The whole part counts as much as its classes together: a person who shows one expression only fits no class's goal.
      const goal = share * total;
      const before = (sizes[part] as number) - goal;
      gain += (Math.abs(before) - Math.abs(before + rows.length)) / Math.max(1, goal);
      if (gain > bestGain) [best, bestGain] = [part, gain];
    }
    for (const row of rows) parts[row] = best;
    sizes[best]! += rows.length;
    for (let k = 0; k < classes; k++) filled[best]![k]! += counts[k] as number;
  }
}
