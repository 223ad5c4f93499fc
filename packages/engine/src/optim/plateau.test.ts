import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { afterFigure, type PlateauOptions, type PlateauState, plateauStart } from './plateau.ts';

const run = (figures: readonly number[], options: PlateauOptions): PlateauState =>
  figures.reduce((state, figure) => afterFigure(state, figure, options), plateauStart);

describe('a plateau', () => {
  const options: PlateauOptions = { better: 'larger', patience: 2, factor: 0.5 };

  it('keeps the rate while the figure gets better', () => {
    expect(run([0.1, 0.2, 0.3, 0.25, 0.4], options)).toEqual({ share: 1, best: 0.4, waited: 0 });
  });

  it('lowers it after `patience` figures without progress, again and again, and not below the minimum', () => {
    expect(run([0.5, 0.4, 0.5], options)).toEqual({ share: 0.5, best: 0.5, waited: 0 });
    expect(run([0.5, 0.4, 0.5, 0.1, 0.2], options).share).toBe(0.25);
    expect(run([0.5, 0, 0, 0, 0, 0, 0], { ...options, minimum: 0.3 }).share).toBe(0.3);
  });

  it('small progress is none, and neither is NaN', () => {
    expect(run([0.5, 0.5005], { ...options, threshold: 0.001 }).waited).toBe(1);
    expect(run([0.5, Number.NaN], options)).toEqual({ share: 1, best: 0.5, waited: 1 });
    expect(run([Number.NaN], options).best).toBeNull();
  });

  it('with losses, smaller is better', () => {
    expect(run([2, 1, 0.5], { better: 'smaller' })).toEqual({ share: 1, best: 0.5, waited: 0 });
    expect(run([2, 3, 4], { better: 'smaller', patience: 2 }).share).toBeCloseTo(0.1, 12);
  });

  it('goes on from a state that went through JSON', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 20 }), fc.nat(20), (figures, cut) => {
        const saved = JSON.parse(JSON.stringify(run(figures.slice(0, cut), options))) as PlateauState;
        expect(figures.slice(cut).reduce((state, figure) => afterFigure(state, figure, options), saved)).toEqual(run(figures, options));
      }),
    );
  });
});
