import { describe, expect, it } from 'vitest';
import { stageSchema, type Stage } from './recipe-schema.ts';
import { classWeights, labelTargets, type Votes, voteTargets } from './targets.ts';

const labelNames = ['angry', 'happy', 'sad'];
const labels = Uint8Array.from([0, 0, 1, 2, 2, 2]);
const rows = Uint32Array.from([0, 1, 2, 3, 4, 5]);
const votes: Votes = {
  names: ['happiness', 'anger', 'sadness', 'contempt', 'unknown'],
  counts: Uint8Array.from([0, 10, 0, 0, 0, /**/ 4, 4, 0, 2, 0, /**/ 0, 0, 0, 0, 10, ...new Array<number>(15).fill(0)]),
};
const canonical = (name: string): string => ({ happiness: 'happy', anger: 'angry', sadness: 'sad' })[name] ?? name;

function loss(changes: Record<string, unknown> = {}): Stage['loss'] {
  return stageSchema.parse({ epochs: 1, optimizer: { kind: 'sgd', learningRate: 1 }, loss: changes }).loss;
}

function rowOf(changes: Record<string, unknown>, row: number): number[] {
  const out = new Float32Array(5);
  labelTargets({ labels, labelNames, rows, loss: loss(changes), votes, canonical })(row, out, 1);
  expect([out[0], out[4]]).toEqual([0, 0]);
  return [...out.subarray(1, 4)];
}

const close = (actual: readonly number[], expected: readonly number[]): void => {
  for (const [i, value] of expected.entries()) expect(actual[i]).toBeCloseTo(value, 5);
};

describe('classWeights', () => {
  it('are n / (K · n_class) at power 1 and 1 at power 0; absent classes weigh nothing', () => {
    close([...classWeights([0, 0, 0, 1], [0, 1, 2, 3], 2)], [4 / 6, 2]);
    close([...classWeights([0, 0, 0, 1], [0, 1, 2, 3], 2, 0)], [1, 1]);
    expect(classWeights([0, 0, 2, 2, 2, 1], [0, 1, 2, 3, 4], 3)[1]).toBe(0);
  });

  it.each([0, 0.5, 1])('at power %d their mean over the rows is 1', (power) => {
    const weights = classWeights(labels, rows, 3, power);
    expect(labels.reduce((sum, label) => sum + weights[label]!, 0) / 6).toBeCloseTo(1);
  });
});

describe('labelTargets', () => {
  it('is one at the label, smoothed, weighted', () => {
    close(rowOf({}, 2), [0, 1, 0]);
    close(rowOf({ labelSmoothing: 0.3 }, 2), [0.1, 0.8, 0.1]);
    close(rowOf({ labelSmoothing: 0.3, classWeights: 'balanced' }, 2), [0.2, 1.6, 0.2]);
  });

  it('mixes in the votes for its classes; a row without such votes keeps its label', () => {
    close(rowOf({ votesShare: 0.5 }, 0), [1, 0, 0]);
    close(rowOf({ votesShare: 0.5 }, 1), [0.75, 0.25, 0]);
    close(rowOf({ votesShare: 0.5 }, 2), [0, 1, 0]);
    close(rowOf({ votesShare: 1, labelSmoothing: 0.3 }, 1), [0.45, 0.45, 0.1]);
  });

  it('refuses a share of votes where there are none, and votes that lack a class', () => {
    const options = { labels, labelNames, rows, loss: loss({ votesShare: 0.5 }), canonical };
    expect(() => labelTargets({ ...options, votes: undefined })).toThrow(/votesShare needs data with votes/);
    expect(() => labelTargets({ ...options, votes: { ...votes, names: ['x', 'anger', 'sadness', 'contempt', 'unknown'] } })).toThrow(/no column for happy/);
  });
});

describe('voteTargets', () => {
  it('is the distribution of the votes; a row with none of them teaches nothing', () => {
    const write = voteTargets(votes, [...labelNames, 'contempt'], canonical);
    const out = new Float32Array(4);
    write(1, out, 0);
    close([...out], [0.4, 0.4, 0, 0.2]);
    write(2, out, 0);
    expect([...out]).toEqual([0, 0, 0, 0]);
  });
});
