import fc from 'fast-check';
import { expect, test } from 'vitest';
import { assign } from './assignment.ts';

/** The least cost by trying every matching. */
function leastCost(costs: readonly (readonly number[])[], row = 0, used = 0): number {
  if (row === costs.length) return 0;
  const columns = costs[0]!.length;
  // With more rows than columns some rows stay without one.
  let best = costs.length - row > columns - bits(used) ? leastCost(costs, row + 1, used) : Number.POSITIVE_INFINITY;
  for (let c = 0; c < columns; c++) if (!(used & (1 << c))) best = Math.min(best, costs[row]![c]! + leastCost(costs, row + 1, used | (1 << c)));
  return best;
}

const bits = (n: number): number => n.toString(2).replaceAll('0', '').length;

test('finds the cheapest matching, each column at most once', () => {
  const matrix = fc
    .tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 }))
    .chain(([rows, columns]) =>
      fc.array(fc.array(fc.double({ min: 0, max: 10, noNaN: true }), { minLength: columns, maxLength: columns }), { minLength: rows, maxLength: rows }),
    );
  fc.assert(
    fc.property(matrix, (costs) => {
      const matched = assign(costs);
      const used = matched.filter((c) => c >= 0);
      expect(new Set(used).size).toBe(used.length);
      expect(used.length).toBe(Math.min(costs.length, costs[0]!.length));
      const cost = matched.reduce((sum, c, r) => sum + (c >= 0 ? costs[r]![c]! : 0), 0);
      expect(cost).toBeCloseTo(leastCost(costs), 6);
    }),
  );
});

test('nothing to match gives nothing', () => {
  expect(assign([])).toEqual([]);
  expect(assign([[], []])).toEqual([-1, -1]);
});
