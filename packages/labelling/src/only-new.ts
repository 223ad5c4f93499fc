/** Lines for a person, not too often. */

/** The same line is told once a minute at most. */
export function onlyNew(tell: (message: string) => void): (message: string) => void {
  const told = new Map<string, number>();
  return (message) => {
    const now = performance.now();
    if (now - (told.get(message) ?? Number.NEGATIVE_INFINITY) < 60_000) return;
    // Messages with numbers in them are many.
    if (told.size > 1000) told.clear();
    told.set(message, now);
    tell(message);
  };
}
