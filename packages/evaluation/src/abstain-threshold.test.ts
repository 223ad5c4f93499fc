import { describe, expect, it } from 'vitest';
import { fitAbstention, halves } from './abstain-threshold.ts';

/** Rows of two classes with this logit of the right or the wrong class. */
function rows(entries: readonly [z: number, right: boolean][]): { logits: Float32Array; truth: Uint8Array } {
  return { logits: Float32Array.from(entries.flatMap(([z]) => [z, 0])), truth: Uint8Array.from(entries, ([, right]) => (right ? 0 : 1)) };
}

describe('fitAbstention', () => {
  const fit = {
    ...rows([
      [4, true],
      [3, true],
      [2, false],
      [1, false],
    ]),
    on: 'here',
  };

  it('finds the confidence on some rows and judges it on others', () => {
    const judge = {
      ...rows([
        [5, true],
        [3.5, false],
        [2.5, true],
        [0.5, false],
      ]),
      on: 'there',
    };
    const result = fitAbstention({ risk: 0.2, classes: 2, temperature: 1, fit, judge });
    expect(result.threshold).toBeCloseTo(1 / (1 + Math.exp(-3)), 5);
    expect(result.judged).toMatchObject({ n: 4, answered: 2, coverage: 0.5, risk: 0.5, on: 'there' });
    expect(result.fitted).toEqual({ n: 4, on: 'here' });
  });

  it('obeys the temperature', () => {
    const cool = fitAbstention({ risk: 0.2, classes: 2, temperature: 2, fit, judge: fit });
    expect(cool.threshold).toBeCloseTo(1 / (1 + Math.exp(-1.5)), 5);
  });

  it('says so where no confidence is enough', () => {
    const bad = {
      ...rows([
        [4, false],
        [1, true],
      ]),
      on: 'split x',
    };
    expect(() => fitAbstention({ risk: 0.1, classes: 2, temperature: 1, fit: bad, judge: fit })).toThrow(
      /no confidence of this model keeps the wrong answers to 10 % on split x/,
    );
  });
});

describe('halves', () => {
  it('share no row and lose none', () => {
    const logits = Float32Array.from({ length: 40 }, (_, i) => i);
    const truth = Uint8Array.from({ length: 20 }, (_, i) => i % 2);
    const [a, b] = halves({ logits, truth }, 2, 3);
    expect([...a.logits, ...b.logits].toSorted((x, y) => x - y)).toEqual([...logits]);
    expect([a.truth.length, b.truth.length]).toEqual([10, 10]);
    expect(halves({ logits, truth }, 2, 3)[0]).toEqual(a);
  });
});
