import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { linearScale, niceDomain, ticks } from './scale.ts';
import { el, escapeText, label, renderPlot } from './svg.ts';

describe('scales', () => {
  it('ticks are round, ascending, within the domain', () => {
    fc.assert(
      fc.property(fc.double({ min: -1e3, max: 1e3, noNaN: true }), fc.double({ min: 1e-3, max: 1e3, noNaN: true }), (low, span) => {
        const marks = ticks([low, low + span]);
        expect(marks.length).toBeGreaterThan(1);
        expect(marks.length).toBeLessThan(12);
        for (const mark of marks) {
          expect(mark).toBeGreaterThanOrEqual(low - span * 1e-6);
          expect(mark).toBeLessThanOrEqual(low + span * (1 + 1e-6));
        }
      }),
    );
    expect(ticks([0, 1])).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
  });

  it('a scale maps the ends of its domain to those of its range', () => {
    const scale = linearScale([2, 4], [100, 0]);
    expect([scale(2), scale(3), scale(4)]).toEqual([100, 50, 0]);
  });

  it('a nice domain holds all values', () => {
    expect(niceDomain([0.03, 0.61], 0.1).map((v) => Math.round(v * 10))).toEqual([0, 7]);
  });
});

describe('svg', () => {
  it('escapes text and attributes', () => {
    expect(escapeText('a<b & "c">')).toBe('a&lt;b &amp; &quot;c&quot;&gt;');
    expect(el('g', { id: 'a"b', skip: undefined, x: 1.23456 })).toBe('<g id="a&quot;b" x="1.23"/>');
    expect(label('<x>', 0, 0)).toContain('&lt;x&gt;');
  });

  it('a plot carries a name and a description', () => {
    const svg = renderPlot({ name: 'p', title: 'A & B', description: 'What it shows.', width: 10, height: 10, content: '' });
    expect(svg).toMatch(/role="img" aria-labelledby="plot-p-title plot-p-description"/);
    expect(svg).toContain('<title id="plot-p-title">A &amp; B</title>');
    expect(svg).toContain('<desc id="plot-p-description">What it shows.</desc>');
  });
});
