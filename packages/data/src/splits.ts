/** Dividing the rows of a split. */
import { partition } from './partition.ts';
import { randomFor, shuffle } from './random.ts';

/** Row numbers within the split that was divided, each in ascending order. */
export interface Holdout {
  train: Uint32Array;
  heldOut: Uint32Array;
}

/**
 * Sets aside `fraction` of every class, rounded to the nearest count, chosen by `seed`; a class of two rows or more
 * keeps at least one on either side, so that both can be measured. fraction in 0…1.
 *
 * @param subjects [N], 0 for a row whose subject is not known. Where one is, all faces of a person stand on one side, or frames of one
 * film would be learnt and measured on; classes are then divided only about as asked.
 */
export function stratifiedHoldout(labels: ArrayLike<number>, fraction: number, seed: number | string, subjects?: ArrayLike<number>): Holdout {
  if (!(fraction >= 0 && fraction <= 1)) throw new RangeError(`stratifiedHoldout: fraction must lie in 0…1, came ${fraction}`);
  if (subjects && Array.prototype.some.call(subjects, (subject: number) => subject > 0)) {
    const part = partition(labels, [1 - fraction, fraction], `holdout ${seed}`, subjects);
    const rows = Uint32Array.from(part.keys());
    return { train: rows.filter((row) => part[row] === 0), heldOut: rows.filter((row) => part[row] === 1) };
  }
  const byClass = new Map<number, number[]>();
  for (let row = 0; row < labels.length; row++) {
    const label = labels[row] as number;
    const rows = byClass.get(label);
    if (rows) rows.push(row);
    else byClass.set(label, [row]);
  }
  const isHeldOut = new Uint8Array(labels.length);
  let heldOutCount = 0;
  for (const [label, rows] of byClass) {
    // The class is a key of its own stream, so that rows of one class do not change the choice in another.
    const order = shuffle(Uint32Array.from(rows), randomFor(seed, 'holdout', label));
    let count = Math.round(rows.length * fraction);
    if (rows.length >= 2 && fraction > 0 && fraction < 1) count = Math.min(Math.max(count, 1), rows.length - 1);
    for (const row of order.subarray(0, count)) isHeldOut[row] = 1;
    heldOutCount += count;
  }
  const train = new Uint32Array(labels.length - heldOutCount);
  const heldOut = new Uint32Array(heldOutCount);
  let t = 0;
  let h = 0;
  for (let row = 0; row < labels.length; row++) {
    if (isHeldOut[row]) heldOut[h++] = row;
    else train[t++] = row;
  }
  return { train, heldOut };
}
