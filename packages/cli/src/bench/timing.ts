/** Wall-clock times in milliseconds. */

export async function timed(run: () => Promise<unknown> | unknown): Promise<number> {
  const began = performance.now();
  await run();
  return performance.now() - began;
}

/** The upper median of at least one value. */
export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!;
}

/** How many steps are run and how many of them are counted. */
export interface StepCounts {
  readonly warmups: number;
  readonly counted: number;
}
