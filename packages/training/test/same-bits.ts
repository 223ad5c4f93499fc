/** Comparing millions of numbers bit for bit, without the minutes a deep equality takes. */
import { expect } from 'vitest';

export function expectSameBits(actual: ReadonlyMap<string, Float32Array>, expected: ReadonlyMap<string, Float32Array>): void {
  expect([...actual.keys()]).toEqual([...expected.keys()]);
  const bytes = (a: Float32Array) => Buffer.from(a.buffer, a.byteOffset, a.byteLength);
  for (const [name, values] of expected) expect(bytes(actual.get(name)!).equals(bytes(values)), name).toBe(true);
}
