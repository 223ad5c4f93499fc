/** How differently a model does on groups of people. */
import { randomFor, shuffle } from '@mien/data';
import { UserError } from '@mien/runtime';
import { wilsonInterval } from './metrics.ts';

export interface Share {
  readonly n: number;
  readonly value: number;
  /** Wilson interval, 95 %. */
  readonly interval95: readonly [number, number];
}

export interface GroupFigures {
  readonly group: string;
  readonly accuracy: Share;
  /** By label; labels without a row in the group are left out. */
  readonly recall: Readonly<Record<string, Share>>;
}

/** Of the groups with enough rows: how far apart the best and the worst are. */
export interface Gap {
  readonly best: string;
  readonly worst: string;
  /** Share of the best − that of the worst. */
  readonly gap: number;
  /**
   * Middle 95 % over resampled rows, each group by itself. Undefined of more than two groups: best and worst are then chosen by the same
   * rows, and an interval of the two would leave 0 out far too often where all are alike; p takes the choice into account.
   */
  readonly gap95?: readonly [number, number];
  /** Share of 1000 random assignments of the same rows to groups of the same sizes that give a gap at least as large: small values speak against chance. */
  readonly p: number;
}

export interface GroupReport {
  /** Rows that have a group, and rows left out for lack of one. */
  readonly n: number;
  readonly withoutGroup: number;
  readonly groups: readonly GroupFigures[];
  /** Of accuracy, and of the recall of each label; absent where fewer than two groups have `fewest` rows. */
  readonly accuracyGap?: Gap;
  readonly recallGaps: Readonly<Record<string, Gap>>;
  readonly fewest: number;
  /** What these figures can and cannot say, in whole sentences. */
  readonly notes: readonly string[];
}

/** Below this many rows a share is too uncertain to be called best or worst: at 50 % its interval is ± 17 points. */
const fewest = 30;
const draws = 1000;

interface Member {
  readonly group: string;
  readonly hit: number;
}

function shareOf(hits: readonly number[]): Share {
  const correct = hits.reduce((a, b) => a + b, 0);
  return { n: hits.length, value: hits.length ? correct / hits.length : 0, interval95: wilsonInterval(correct, hits.length) };
}

function byGroup(members: readonly Member[]): Map<string, number[]> {
  const groups = new Map<string, number[]>();
  for (const { group, hit } of members) {
    const hits = groups.get(group);
    if (hits) hits.push(hit);
    else groups.set(group, [hit]);
  }
  return groups;
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

/** Gap between the best and the worst of the groups that have enough of these rows. */
function gapOf(members: readonly Member[], seed: number): Gap | undefined {
  const groups = [...byGroup(members)].filter(([, hits]) => hits.length >= fewest);
  if (groups.length < 2) return undefined;
  const ranked = groups.map(([group, hits]) => ({ group, hits, value: mean(hits) })).sort((a, b) => b.value - a.value || a.group.localeCompare(b.group));
  const [best, worst] = [ranked[0]!, ranked.at(-1)!];
  const gap = best.value - worst.value;
  const random = randomFor(seed, 'groups');
  const redraw = (hits: readonly number[]): number => {
    let sum = 0;
    for (let i = 0; i < hits.length; i++) sum += hits[random.int(hits.length)]!;
    return sum / hits.length;
  };
  const drawn = groups.length > 2 ? undefined : Array.from({ length: draws }, () => redraw(best.hits) - redraw(worst.hits)).sort((a, b) => a - b);
  const all = groups.flatMap(([, hits]) => hits);
  let asLarge = 0;
  for (let draw = 0; draw < draws; draw++) {
    const order = shuffle(
      Uint32Array.from(all, (_, i) => i),
      random,
    );
    let at = 0;
    let [low, high] = [1, 0];
    for (const [, { length }] of groups) {
      let sum = 0;
      for (let i = 0; i < length; i++) sum += all[order[at++]!]!;
      [low, high] = [Math.min(low, sum / length), Math.max(high, sum / length)];
    }
    if (high - low >= gap - 1e-12) asLarge++;
  }
  return {
    best: best.group,
    worst: worst.group,
    gap,
    ...(drawn ? { gap95: [drawn[Math.round(0.025 * (draws - 1))]!, drawn[Math.round(0.975 * (draws - 1))]!] } : {}),
    p: (asLarge + 1) / (draws + 1),
  };
}

interface GroupOptions {
  /** Row numbers within the split, and what is true and was predicted of each. */
  readonly rows: ArrayLike<number>;
  readonly truth: ArrayLike<number>;
  readonly predicted: ArrayLike<number>;
  readonly labels: readonly string[];
  readonly groups: ReadonlyMap<number, string>;
  readonly seed?: number;
}

/** Throws `UserError` where fewer than two groups have rows. */
export function compareGroups({ rows, truth, predicted, labels, groups, seed = 1 }: GroupOptions): GroupReport {
  const members: (Member & { truth: number })[] = [];
  for (let i = 0; i < rows.length; i++) {
    const group = groups.get(rows[i]!);
    if (group !== undefined) members.push({ group, hit: Number(truth[i] === predicted[i]), truth: truth[i]! });
  }
  const names = [...byGroup(members).keys()].sort();
  if (names.length < 2)
    throw new UserError('one-group', `the rows that count belong to ${names.length === 1 ? `one group (${names[0]})` : 'no group'}; a comparison needs two`);
  const ofClass = (k: number): Member[] => members.filter((member) => member.truth === k);
  const figures = names.map((group): GroupFigures => {
    const own = members.filter((member) => member.group === group);
    const recall = labels.flatMap((label, k) => {
      const hits = own.filter((member) => member.truth === k).map(({ hit }) => hit);
      return hits.length ? [[label, shareOf(hits)] as const] : [];
    });
    return { group, accuracy: shareOf(own.map(({ hit }) => hit)), recall: Object.fromEntries(recall) };
  });
  const small = figures.filter(({ accuracy }) => accuracy.n < fewest);
  const accuracyGap = gapOf(members, seed);
  const recallGaps = labels.flatMap((label, k) => {
    const gap = gapOf(ofClass(k), seed);
    return gap ? [[label, gap] as const] : [];
  });
  const compared = new Set(recallGaps.map(([label]) => label));
  const uncompared = labels.filter((label) => !compared.has(label));
  return {
    n: members.length,
    withoutGroup: rows.length - members.length,
    groups: figures,
    ...(accuracyGap ? { accuracyGap } : {}),
    recallGaps: Object.fromEntries(recallGaps),
    fewest,
    notes: [
      ...(small.length
        ? [`Too few rows to compare: ${small.map(({ group, accuracy }) => `${group} (${accuracy.n})`).join(', ')}; at least ${fewest} are needed.`]
        : []),
      ...(uncompared.length ? [`Recall is not compared for ${uncompared.join(', ')}: fewer than two groups have ${fewest} rows of it.`] : []),
      'A gap whose p is not small, or whose interval holds 0, may be chance; of more than two groups p alone says so. One that is missing may be there all the same where groups are small.',
      'The groups are those of the file given: how they were assigned, and by whom, bounds what the figures mean.',
    ],
  };
}
