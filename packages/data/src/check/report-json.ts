/** What the doctor found, for programs. */
import type { CheckResult } from './check.ts';
import { identityOf } from './finding.ts';

/** Rows are named `source/split/row`: the split and row number they had when they were imported, whatever split they are in now. */
export function checkReport(result: CheckResult): Record<string, unknown> {
  const { context, duplicates, nearDuplicates, findings } = result;
  const { manifest, dir } = context.scan.store;
  const name = (i: number) => {
    const { source, split, row } = identityOf(context, i);
    return `${source}/${split}/${row}`;
  };
  return {
    data: manifest.name,
    dir,
    images: manifest.count,
    image: manifest.image,
    duplicates,
    nearDuplicates,
    constant: findings.find(({ id }) => id === 'constant')?.rows.length ?? 0,
    labels: manifest.labels,
    splits: manifest.splits.map(({ name, count, locked, perLabel }) => ({ name, count, locked, perLabel })),
    findings: findings.map(({ id, level, verdict, rows, groups, suggested }) => ({
      id,
      level,
      verdict,
      count: groups ? groups.length : rows.length,
      ...(groups ? { groups: groups.map((group) => group.map(name)) } : { rows: rows.map(name) }),
      ...(suggested ? { suggested: suggested.map((label) => manifest.labels[label]) } : {}),
    })),
  };
}
