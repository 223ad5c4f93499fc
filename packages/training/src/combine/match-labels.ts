/** Bringing the classes of one model into the order of another's. */
import { UserError } from '@mien/runtime';

const differing = (a: readonly string[], b: readonly string[]): string[] => a.filter((label) => !b.includes(label));

/**
 * For each of `wanted`, where it stands in `labels`. Throws `UserError` `label-mismatch` that names what either side
 * has and the other has not; `whose` and `whoseWanted` say what the two are.
 */
export function labelOrder(labels: readonly string[], wanted: readonly string[], whose: string, whoseWanted: string): number[] {
  const [missing, extra] = [differing(wanted, labels), differing(labels, wanted)];
  if (missing.length > 0 || extra.length > 0) {
    const differences = [missing.length > 0 ? `lacks ${missing.join(', ')}` : '', extra.length > 0 ? `also has ${extra.join(', ')}` : ''].filter(Boolean);
    throw new UserError('label-mismatch', `${whose} tells apart ${labels.join(', ')}; ${whoseWanted} ${wanted.join(', ')}: it ${differences.join(' and ')}`);
  }
  return wanted.map((label) => labels.indexOf(label));
}

export function isInOrder(order: readonly number[]): boolean {
  return order.every((at, i) => at === i);
}
