import { UserError } from '@mien/runtime';
import { describe, expect, it } from 'vitest';
import { candidatesOf, parseGrid, parseRandom, type SearchSpace } from './search-space.ts';

const space = (changes: Partial<SearchSpace>): SearchSpace => ({ grid: [], draws: 1, random: [], seed: 1, ...changes });
const told = (from: SearchSpace) => candidatesOf(from).map((fields) => Object.fromEntries(fields));

function refusal(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    expect(error).toBeInstanceOf(UserError);
    expect((error as Error).message).not.toContain('\n');
    return (error as Error).message;
  }
  throw new Error('was accepted');
}

describe('a grid', () => {
  it('is every combination, the first field changing slowest; commas within brackets belong to a value', () => {
    const grid = parseGrid(['batch=32,64', 'input=[1,36,36],[1,48,48]', 'schedule={kind: cosine}']);
    expect(told(space({ grid }))).toEqual(
      [32, 64].flatMap((batch) => [36, 48].map((side) => ({ batch, input: [1, side, side], schedule: { kind: 'cosine' } }))),
    );
  });

  it('of nothing is the recipe itself', () => expect(told(space({}))).toEqual([{}]));

  it.each([
    ['batch', 'expected key=a,b,c'],
    ['=1,2', 'expected key=a,b,c'],
    ['batch=', 'expected values between the commas, there is none'],
    ['batch=1,2,1', 'names 1 twice'],
    ['batch=[1', 'no YAML list'],
    ['seed=1,2', 'use --seeds 1,2,3'],
    ['data.validation={fraction: 0.1}', 'use --set'],
  ])('%s is refused: %s', (text, message) => expect(refusal(() => parseGrid([text]))).toContain(message));

  it('names a field once', () => expect(refusal(() => parseGrid(['batch=1', 'batch=2']))).toBe('--grid batch=2: batch is given twice'));
});

describe('random draws', () => {
  const ranges = ['a.rate=0.001..0.1:log', 'share=0..1', 'n=1..3:int', 'kind=x,y'];

  it('stay within their bounds and reach both halves of them', () => {
    const drawn = told(space(parseRandom(['400', ...ranges]))) as { 'a.rate': number; share: number; n: number; kind: string }[];
    expect(drawn).toHaveLength(400);
    const rates = drawn.map((each) => each['a.rate']);
    expect(rates.every((rate) => rate >= 0.001 && rate <= 0.1)).toBe(true);
    // Half of a logarithmic range lies below its geometric middle.
    const below = rates.filter((rate) => rate < 0.01).length / 400;
    expect(below).toBeGreaterThan(0.4);
    expect(below).toBeLessThan(0.6);
    for (const n of [1, 2, 3]) expect(drawn.filter((each) => each.n === n).length).toBeGreaterThan(100);
    expect(drawn.filter(({ kind }) => kind === 'x').length).toBeGreaterThan(150);
    expect(Math.min(...drawn.map(({ share }) => share))).toBeLessThan(0.05);
    expect(Math.max(...drawn.map(({ share }) => share))).toBeGreaterThan(0.95);
  });

  it('of more begin with those of fewer, and another seed draws others', () => {
    const of = (n: string, seed: number) => told(space({ ...parseRandom([n, ...ranges]), seed }));
    expect(of('30', 1).slice(0, 7)).toEqual(of('7', 1));
    expect(of('7', 2)).not.toEqual(of('7', 1));
  });

  it('that come twice are one candidate; with a grid, every combination has every draw', () => {
    expect(told(space(parseRandom(['50', 'n=1..3:int'])))).toHaveLength(3);
    const grid = parseGrid(['batch=32,64']);
    const drawn = told(space({ grid, ...parseRandom(['3', 'share=0..1']) })) as { batch: number; share: number }[];
    expect(drawn.map(({ batch }) => batch)).toEqual([32, 64, 32, 64, 32, 64]);
    expect(new Set(drawn.map(({ share }) => share)).size).toBe(3);
  });

  it.each([
    [['x', 'a=0..1'], 'expected a number of draws'],
    [['0', 'a=0..1'], 'expected a number of draws'],
    [['5'], 'expected fields to draw'],
    [['5', 'a'], 'expected key=lo..hi'],
    [['5', 'a=1..0'], 'the lower first'],
    [['5', 'a=0..1:log'], 'begins above 0'],
    [['5', 'a=0.5..3:int'], 'whole numbers'],
    [['5', 'a=0..1:lgo'], 'got :lgo'],
    [['5', 'a='], 'there is none'],
  ])('%j is refused: %s', (texts, message) => expect(refusal(() => parseRandom(texts))).toContain(message));

  it('of a field that the grid has are refused', () => {
    expect(refusal(() => candidatesOf(space({ grid: parseGrid(['batch=1,2']), ...parseRandom(['2', 'batch=3..4:int']) })))).toContain('batch is in --grid too');
  });
});
