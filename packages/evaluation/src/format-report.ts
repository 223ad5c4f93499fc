/** What a report adds to the plain figures, as text for a terminal. */
import type { GroupReport } from './group-gap.ts';
import { severities } from './corruption/picture.ts';
import type { Robustness } from './robustness.ts';

const percent = (value: number): string => `${(100 * value).toFixed(1)} %`;
const interval = ([low, high]: readonly [number, number]): string => `${(100 * low).toFixed(1)} – ${(100 * high).toFixed(1)} %`;

/** Where the corruptions come from, and how ours differ. */
export const corruptionSource =
  'Corruptions after Hendrycks & Dietterich (2019), with the constants of their 32 or 64 px data set, whichever is nearer in size: mild on larger images. Frost is drawn, not photographed.';

/** A line a corruption, a line a covered region. */
export function formatRobustness({ n, seed, clean, clean95, corrupted, corrupted95, retained, corruptions, occlusions }: Robustness): string {
  return [
    `robustness on ${n} rows (seed ${seed}): clean ${percent(clean)} (95 % interval ${interval(clean95)}), under corruptions ${percent(corrupted)} (${interval(corrupted95)}), ${percent(retained)} kept`,
    corruptionSource,
    `${'corruption'.padEnd(16)}${[...severities.map((severity) => `severity ${severity}`), 'mean'].map((head) => head.padStart(12)).join('')}`,
    ...corruptions.map(
      ({ corruption, accuracy, mean }) => `${corruption.padEnd(16)}${[...accuracy, mean].map((value) => percent(value).padStart(12)).join('')}`,
    ),
    '',
    `${'covered'.padEnd(16)}${'of the crop'.padStart(12)}${'accuracy'.padStart(12)}${'lost'.padStart(12)}   95 % interval of the loss`,
    ...occlusions.map(
      ({ region, area, accuracy, drop, drop95 }) =>
        `${region.padEnd(16)}${percent(area).padStart(12)}${percent(accuracy).padStart(12)}${percent(drop).padStart(12)}   ${interval(drop95)}`,
    ),
  ].join('\n');
}

/** A line a group, the gaps, and what they can say. */
export function formatGroups({ n, withoutGroup, groups, accuracyGap, recallGaps, notes }: GroupReport): string {
  const widest = Math.max(6, ...groups.map(({ group }) => group.length)) + 2;
  const gaps = [
    ...(accuracyGap ? [['accuracy', accuracyGap] as const] : []),
    ...Object.entries(recallGaps).map(([label, gap]) => [`recall of ${label}`, gap] as const),
  ];
  return [
    `groups of people: ${n} rows${withoutGroup ? `, ${withoutGroup} without a group left out` : ''}`,
    ...groups.map(
      ({ group, accuracy }) => `  ${group.padEnd(widest)}accuracy ${percent(accuracy.value)} (95 % interval ${interval(accuracy.interval95)}, n ${accuracy.n})`,
    ),
    ...gaps.map(
      ([name, { best, worst, gap, gap95, p }]) =>
        `  gap in ${name}: ${percent(gap)} between ${best} and ${worst} (${gap95 ? `95 % interval ${interval(gap95)}, ` : ''}p ${p.toPrecision(2)})`,
    ),
    ...notes.map((text) => `  ${text}`),
  ].join('\n');
}
