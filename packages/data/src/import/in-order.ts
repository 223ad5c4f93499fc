/** Work that overlaps and still arrives in order. */

/**
 * `action` of every item, at most `limit` under way at once, results in the order of the items. After an error no
 * further action begins.
 */
export async function* mapInOrder<T, R>(items: readonly T[], limit: number, action: (item: T, index: number) => Promise<R>): AsyncGenerator<R, void, void> {
  const underWay: Promise<R>[] = [];
  try {
    for (const [index, item] of items.entries()) {
      if (underWay.length >= limit) yield await (underWay.shift() as Promise<R>);
      const started = action(item, index);
      // One that fails while an earlier one is awaited is dealt with when its turn comes, or not at all after an error.
      started.catch(() => {});
      underWay.push(started);
    }
    while (underWay.length > 0) yield await (underWay.shift() as Promise<R>);
  } finally {
    await Promise.allSettled(underWay);
  }
}
