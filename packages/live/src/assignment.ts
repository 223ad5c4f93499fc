/** The cheapest one-to-one matching of rows with columns. */

/**
 * Minimises the sum of costs[row][column] over matchings that use every row or every column, whichever are fewer
 * (Kuhn 1955, in the O(n²m) form with potentials). Costs must be finite.
 * Returns for each row its column, or −1 for a row left over.
 */
export function assign(costs: readonly (readonly number[])[]): number[] {
  const rows = costs.length;
  const columns = costs[0]?.length ?? 0;
  if (rows === 0 || columns === 0) return new Array<number>(rows).fill(-1);
  if (rows > columns) {
    const turned = assign(Array.from({ length: columns }, (_, c) => costs.map((row) => row[c]!)));
    const matched = new Array<number>(rows).fill(-1);
    for (const [column, row] of turned.entries()) matched[row] = column;
    return matched;
  }
  // Index 0 of rows and columns stands for "none"; rowOf[c] is the row matched with column c.
  const rowPotential = new Float64Array(rows + 1);
  const columnPotential = new Float64Array(columns + 1);
  const rowOf = new Int32Array(columns + 1);
  const cameFrom = new Int32Array(columns + 1);
  for (let row = 1; row <= rows; row++) {
    const slack = new Float64Array(columns + 1).fill(Number.POSITIVE_INFINITY);
    const visited = new Uint8Array(columns + 1);
    rowOf[0] = row;
    let column = 0;
    do {
      visited[column] = 1;
      const current = rowOf[column]!;
      let step = Number.POSITIVE_INFINITY;
      let next = 0;
      for (let c = 1; c <= columns; c++) {
        if (visited[c]) continue;
        const reduced = costs[current - 1]![c - 1]! - rowPotential[current]! - columnPotential[c]!;
        if (reduced < slack[c]!) {
          slack[c] = reduced;
          cameFrom[c] = column;
        }
        if (slack[c]! < step) {
          step = slack[c]!;
          next = c;
        }
      }
      for (let c = 0; c <= columns; c++) {
        if (visited[c]) {
          rowPotential[rowOf[c]!]! += step;
          columnPotential[c]! -= step;
        } else slack[c]! -= step;
      }
      column = next;
    } while (rowOf[column] !== 0);
    while (column !== 0) {
      const before = cameFrom[column]!;
      rowOf[column] = rowOf[before]!;
      column = before;
    }
  }
  const matched = new Array<number>(rows).fill(-1);
  for (let c = 1; c <= columns; c++) if (rowOf[c] !== 0) matched[rowOf[c]! - 1] = c - 1;
  return matched;
}
