import { describe, expect, it } from 'vitest';
import { bestOf, countsOf, layOutHalving } from './halving.ts';

describe('rungs', () => {
  it.each([
    [{ epochs: 27, candidates: 27, eta: 3, first: 1 }, [1, 3, 9, 27], [27, 9, 3, 1]],
    [{ epochs: 27, candidates: 27, eta: 3, first: 2 }, [3, 9, 27], [27, 9, 3]],
    [{ epochs: 16, candidates: 8, eta: 3, first: 1 }, [2, 5, 16], [8, 2, 1]],
    [{ epochs: 16, candidates: 2, eta: 2, first: 1 }, [8, 16], [2, 1]],
    [{ epochs: 4, candidates: 100, eta: 4, first: 1 }, [1, 4], [100, 25]],
  ])('of %j lie at epochs %j, for %j candidates', (options, rungs, counts) => {
    const halving = layOutHalving(options);
    expect(halving.rungs).toEqual(rungs);
    expect(countsOf(options.candidates, halving)).toEqual(counts);
  });

  it.each([
    { epochs: 27, candidates: 1, eta: 3, first: 1 },
    { epochs: 2, candidates: 9, eta: 3, first: 1 },
    { epochs: 9, candidates: 9, eta: 3, first: 4 },
  ])('of %j there are none, and that is said', (options) => {
    expect(() => layOutHalving(options)).toThrow(expect.objectContaining({ code: 'bad-sweep' }));
  });
});

it('the best are kept in their order, the earlier of equals, and those that failed last', () => {
  expect(bestOf([0.2, 0.5, Number.NaN, 0.5, 0.1], 2)).toEqual([1, 3]);
  expect(bestOf([0.5, 0.5, 0.5], 1)).toEqual([0]);
  expect(bestOf([Number.NaN, Number.NaN, 0.1], 2)).toEqual([0, 2]);
});
