/** Verdicts on copies: within splits, across them, with labels that contradict each other, and look-alikes. */
import { countGroups, type Group, labelsOf, spansSplits } from './duplicates.ts';
import { type CheckContext, counted, type Finding } from './finding.ts';
import type { Scan } from './scan.ts';

/** A verdict each on identical rows, on those across splits and on those with conflicting labels. */
export function duplicateFindings({ scan, train }: CheckContext, exact: readonly Group[]): Finding[] {
  const { groups, images } = countGroups(scan, exact);
  const across = exact.filter((group) => spansSplits(scan, group));
  const conflicting = exact.filter((group) => labelsOf(scan, group).length > 1);
  const leaked = across.filter((group) => group.some((i) => scan.splitOf[i] === train));
  return [
    {
      id: 'duplicates',
      title: 'Identical images',
      level: groups === 0 ? 'fine' : 'warning',
      verdict:
        groups === 0
          ? 'No two images are pixel-identical.'
          : `${counted(images, 'image')} stand in ${counted(groups, 'group')} of pixel-identical copies, so ${counted(images - groups, 'copy', 'copies')} could go. Training counts such a face more than once; keep one of each group.`,
      rows: [],
      groups: exact,
    },
    {
      id: 'duplicates-across-splits',
      title: 'Identical images across splits',
      level: across.length === 0 ? 'fine' : leaked.length > 0 ? 'problem' : 'warning',
      verdict:
        across.length === 0
          ? 'No image stands in two splits.'
          : `${counted(across.length, 'group')} ${across.length === 1 ? 'spans' : 'span'} splits (${shared(scan, across, train)}). A model knows such rows by heart: give accuracy with and without them, or drop the copies from the split it learns from.`,
      rows: [],
      groups: across,
    },
    {
      id: 'conflicting-labels',
      title: 'Identical images with conflicting labels',
      level: conflicting.length === 0 ? 'fine' : 'problem',
      verdict:
        conflicting.length === 0
          ? 'Identical images always carry the same label.'
          : `${counted(conflicting.length, 'group')} of identical pixels ${conflicting.length === 1 ? 'carries' : 'carry'} two labels or more; at most one of them can be right. Look, then relabel or drop.`,
      rows: [],
      groups: conflicting,
    },
  ];
}

/** The verdict on rows that look the same and are not. */
export function nearDuplicateFinding({ scan }: CheckContext, near: readonly Group[]): Finding {
  const { groups, images, acrossSplits, conflictingLabels } = countGroups(scan, near);
  return {
    id: 'near-duplicates',
    title: 'Nearly identical images',
    level: groups === 0 ? 'fine' : acrossSplits > 0 ? 'warning' : 'note',
    verdict:
      groups === 0
        ? 'No two images look alike beyond the identical ones.'
        : `${counted(images, 'image')} in ${counted(groups, 'group')} look like the same picture cut or lit a little differently; ${counted(acrossSplits, 'group')} ${acrossSplits === 1 ? 'spans' : 'span'} splits, ${counted(conflictingLabels, 'group')} ${conflictingLabels === 1 ? 'carries' : 'carry'} two labels or more. They make a test look easier than new faces are.`,
    rows: [],
    // The contradictory first, then those across splits: these are worth a look.
    groups: [...near].sort((a, b) => interest(scan, b) - interest(scan, a)),
  };
}

function interest(scan: Scan, group: Group): number {
  return (labelsOf(scan, group).length > 1 ? 2 : 0) + (spansSplits(scan, group) ? 1 : 0);
}

/** How many rows of each other split stand in the training split too, else how many rows each split has in such groups. */
function shared(scan: Scan, groups: readonly Group[], train: number): string {
  const counts = scan.splits.map(() => 0);
  for (const group of groups) {
    if (train >= 0 && !group.some((i) => scan.splitOf[i] === train)) continue;
    for (const i of group) counts[scan.splitOf[i] as number]!++;
  }
  const parts = scan.splits.flatMap(({ name }, s) => (s === train || !counts[s] ? [] : [`${counted(counts[s] as number, 'row')} of ${name}`]));
  const where = train >= 0 && parts.length > 0 ? ` also in ${scan.splits[train]?.name}` : '';
  return `${parts.join(', ') || 'none of them in the training split'}${where}`;
}
