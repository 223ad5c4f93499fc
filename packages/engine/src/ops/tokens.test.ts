import { describe, expect, it } from 'vitest';
import { checkGradients } from '../../test/finite-differences.ts';
import { Graph } from '../graph.ts';
import { prependToken, toTokens } from './tokens.ts';

describe('tokens', () => {
  it('positions of a map, rows first', () => checkGradients({ inputs: { x: [2, 3, 2, 5] }, build: (v) => toTokens(v.x!) }));
  it('one in front', () => checkGradients({ inputs: { token: [1, 1, 4], x: [3, 2, 4] }, build: (v) => prependToken(v.token!, v.x!) }));
  it('names both sides', () => {
    const graph = new Graph('g');
    expect(() => toTokens(graph.input('flat', [2, 3]))).toThrow('expected x [N,C,H,W], got [2,3]');
    expect(() => prependToken(graph.input('t', [1, 1, 5]), graph.input('x', [2, 3, 4]))).toThrow('x [2,3,4] needs a token [1,1,4], got [1,1,5]');
  });
});
