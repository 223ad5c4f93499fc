import { describe, expect, it } from 'vitest';
import { compareGroups } from './group-gap.ts';

/** n rows of a group, of which `right` are right; all of class 0 unless told. */
function members(group: string, n: number, right: number): { group: string; hit: boolean }[] {
  return Array.from({ length: n }, (_, i) => ({ group, hit: i < right }));
}

function report(all: { group: string; hit: boolean }[]) {
  return compareGroups({
    rows: all.map((_, i) => i),
    truth: all.map(() => 0),
    predicted: all.map(({ hit }) => (hit ? 0 : 1)),
    labels: ['a', 'b'],
    groups: new Map(all.map(({ group }, i) => [i, group])),
  });
}

describe('compareGroups', () => {
  it('finds a large gap beyond chance', () => {
    const { accuracyGap, groups, recallGaps } = report([...members('x', 200, 180), ...members('y', 200, 120)]);
    expect(accuracyGap).toMatchObject({ best: 'x', worst: 'y' });
    expect(accuracyGap!.gap).toBeCloseTo(0.3);
    expect(accuracyGap!.gap95![0]).toBeGreaterThan(0.15);
    expect(accuracyGap!.gap95![1]).toBeLessThan(0.45);
    expect(accuracyGap!.p).toBeLessThan(0.01);
    expect(groups.map(({ group, accuracy }) => [group, accuracy.n, accuracy.value])).toEqual([
      ['x', 200, 0.9],
      ['y', 200, 0.6],
    ]);
    expect(Object.keys(recallGaps)).toEqual(['a']);
  });

  it('does not call a small gap anything', () => {
    const { accuracyGap } = report([...members('x', 60, 40), ...members('y', 60, 39)]);
    expect(accuracyGap!.p).toBeGreaterThan(0.5);
    expect(accuracyGap!.gap95![0]).toBeLessThan(0);
  });

  it('gives no interval of the two of many groups that chance has put furthest apart, but a p', () => {
    const { accuracyGap, notes } = report(['a', 'b', 'c', 'd', 'e', 'f', 'g'].flatMap((name, i) => members(name, 100, 66 + ((i * 5) % 7))));
    expect(accuracyGap!.gap95).toBeUndefined();
    expect(accuracyGap!.p).toBeGreaterThan(0.3);
    expect(notes.join(' ')).toContain('of more than two groups p alone says so');
  });

  it('leaves small groups out of the comparison and says so', () => {
    const { accuracyGap, notes, groups } = report([...members('x', 100, 50), ...members('y', 100, 52), ...members('few', 4, 0)]);
    expect(accuracyGap!.worst).toBe('x');
    expect(groups.find(({ group }) => group === 'few')!.accuracy.n).toBe(4);
    expect(notes.join(' ')).toContain('few (4); at least 30');
    expect(notes.join(' ')).toContain('Recall is not compared for b');
  });

  it('counts rows without a group', () => {
    const all = [...members('x', 40, 20), ...members('y', 40, 30)];
    const result = compareGroups({
      rows: [...all.keys(), 80, 81],
      truth: new Uint8Array(82),
      predicted: new Uint8Array(82),
      labels: ['a', 'b'],
      groups: new Map(all.map(({ group }, i) => [i, group])),
    });
    expect([result.n, result.withoutGroup]).toEqual([80, 2]);
  });

  it('refuses one group', () => {
    expect(() => report(members('x', 50, 20))).toThrow('one group (x)');
  });
});
