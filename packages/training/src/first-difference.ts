/** Where two plain values differ. */

/** The first field in which `a` and `b` differ, with both values as JSON; `undefined` stands for one that is missing. */
export function firstDifference(a: unknown, b: unknown, path = ''): { path: string; was: string | undefined; now: string | undefined } | undefined {
  const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
  if (!isObject(a) || !isObject(b)) {
    const [was, now] = [JSON.stringify(a), JSON.stringify(b)];
    return was === now ? undefined : { path, was, now };
  }
  for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
    const found = firstDifference(a[key], b[key], path ? `${path}.${key}` : key);
    if (found) return found;
  }
  return undefined;
}
