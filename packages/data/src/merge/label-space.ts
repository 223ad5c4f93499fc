/** One set of labels for several stores. */
import { parseExpression, UserError } from '@mien/runtime';
import { isUnlabelledName } from '../import/label-map.ts';

/** What becomes of labels that are not in the common set: `{ contempt: 'drop', anger: 'angry' }`; keys in any case. */
export type LabelAssignments = Readonly<Record<string, string>>;

export interface MergeMap {
  /** The common labels; by default those of the first store. */
  labels?: readonly string[] | undefined;
  /** For each store by the name of its data set, or `*` for all. */
  map?: Readonly<Record<string, LabelAssignments>> | undefined;
}

/**
 * Index in `common` of each of a store's labels; −1 for one that is dropped.
 * @param used rows of each label; a label without rows needs no place.
 * @throws UserError `bad-map`, `unknown-class`.
 */
export function mapLabels(store: string, labels: readonly string[], used: readonly number[], common: readonly string[], { map = {} }: MergeMap): number[] {
  const assignments = new Map<string, string>();
  for (const part of [map['*'], map[store]]) for (const [from, to] of Object.entries(part ?? {})) assignments.set(from.trim().toLowerCase(), to.trim());
  const find = (name: string) => {
    const exact = common.findIndex((label) => label.toLowerCase() === name.toLowerCase());
    return exact >= 0 ? exact : common.indexOf(parseExpression(name) ?? '');
  };
  const unknown: string[] = [];
  const mapped = labels.map((label, k) => {
    const to = assignments.get(label.toLowerCase());
    if (to?.toLowerCase() === 'drop') return -1;
    const index = find(to ?? label);
    if (to !== undefined && index < 0) throw new UserError('bad-map', `map of ${store}: ${label}=${to}: expected one of ${common.join(', ')} or drop`);
    if (index < 0 && used[k]) unknown.push(label);
    return index;
  });
  if (unknown.length > 0) {
    throw new UserError(
      'unknown-class',
      `${store}: the common labels ${common.join(', ')} have no place for ${unknown.join(', ')}; say what becomes of them in the map, as ${store}: { ${unknown[0]}: drop }`,
    );
  }
  return mapped;
}

/** @throws UserError `bad-map` when a map names a store that is not there, or labels twice. */
export function checkMergeMap({ labels, map = {} }: MergeMap, stores: readonly string[]): void {
  const stranger = Object.keys(map).find((name) => name !== '*' && !stores.includes(name));
  if (stranger !== undefined) throw new UserError('bad-map', `the map names ${stranger}; the stores are ${stores.join(', ')} (or * for all)`);
  if (labels && (new Set(labels.map((label) => label.toLowerCase())).size !== labels.length || labels.length === 0)) {
    throw new UserError('bad-map', `labels of the map: expected different names, came ${labels.join(', ') || 'none'}`);
  }
  if (labels?.some(isUnlabelledName)) throw new UserError('bad-map', 'labels of the map: rows without a label stay without one; leave unlabelled out');
}
