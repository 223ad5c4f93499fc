import { describe, expect, it } from 'vitest';
import { calibration } from '../calibration.ts';
import { comparePaired } from '../compare.ts';
import type { Evaluation } from '../evaluate.ts';
import { compareGroups } from '../group-gap.ts';
import { corruptionNames } from '../corruption/corruptions.ts';
import { faceRegionNames } from '../corruption/face-regions.ts';
import { computeMetrics } from '../metrics.ts';
import { paperPalette } from '../plot/palette.ts';
import { riskCoverage } from '../abstention.ts';
import { evaluationPage } from './evaluation-page.ts';
import { modelFigures } from './model-figures.ts';
import { type Report, reportJson, trainedMark } from './report.ts';
import { plotHeading, reportPlots } from './report-plots.ts';

const labels = ['calm <1>', 'loud & clear', 'empty'];
const truth = Uint8Array.from({ length: 80 }, (_, i) => i % 2);
const predicted = truth.map((k, i) => (i % 5 === 0 ? 1 - k : k));

function evaluation(): Evaluation {
  const p = Float32Array.from([...truth].flatMap((_, i) => (predicted[i] === 0 ? [0.7, 0.2, 0.1] : [0.1, 0.8, 0.1])));
  const { ece, bins } = calibration(p, truth, 3);
  return {
    ...computeMetrics(truth, predicted, labels),
    nll: 0.5,
    top2: 0.9,
    ece,
    reliability: bins,
    riskCoverage: riskCoverage(p, truth, 3),
    split: 'test',
    protocol: 'labels of the data, every row',
    temperature: 1,
    head: 'expression',
    target: 'labels',
    rows: Uint32Array.from(truth, (_, i) => i),
    predicted,
    truth,
    logits: p.map(Math.log),
  };
}

function full(): Report {
  const fitted = Uint32Array.from({ length: 40 }, (_, i) => i);
  const figures = modelFigures({ name: 'mine <script>', model: '/models/mine.onnx', evaluation: evaluation(), fitted, seed: 1 });
  const groups = new Map([...truth.keys()].map((i) => [i, i < 40 ? 'x' : 'y "q"']));
  const picture = 'data:image/png;base64,iVBORw0KGgo=';
  return {
    ...figures,
    data: 'made-up',
    measured: '2024-01-02T03:04:05Z',
    warnings: ['Mind <this>.'],
    votes: { head: 'votes', n: 80, leftOut: 0, nll: 1, kl: 0.4, entropy: 0.6 },
    abstain: {
      wishedRisk: 0.2,
      threshold: 0.75,
      fitted: { n: 40, on: 'one half' },
      judged: { n: 40, on: 'the other half', answered: 20, coverage: 0.5, risk: 0.1, risk95: [0.05, 0.2] },
    },
    overlap: { other: 'train', rows: 3, correct: 2, without: { n: 77, accuracy: 0.79, accuracy95: [0.7, 0.86] } },
    groups: compareGroups({ rows: [...truth.keys()], truth, predicted, labels, groups }),
    robustness: {
      n: 80,
      seed: 1,
      clean: 0.8,
      clean95: [0.7, 0.87],
      corruptions: corruptionNames.map((corruption) => ({ corruption, accuracy: [0.7, 0.6, 0.5, 0.4, 0.3], accuracy95: Array(5).fill([0.2, 0.8]), mean: 0.5 })),
      corrupted: 0.5,
      corrupted95: [0.45, 0.55],
      retained: 0.625,
      occlusions: faceRegionNames.map((region) => ({ region, area: 0.2, accuracy: 0.7, drop: 0.1, drop95: [0.05, 0.15] })),
    },
    comparison: { ...figures, name: 'other', paired: comparePaired(truth, predicted, truth) },
    intendedUse: 'Tests.',
    limits: ['None <really>.'],
    mistakes: [{ row: 5, truth: labels[1]!, predicted: labels[0]!, confidence: 0.9, ofTruth: 0.05, picture }],
  };
}

/** Void elements and those that must be closed, each in its place. */
function checkNesting(html: string): void {
  const open: string[] = [];
  const voids = new Set(['meta', 'img', '!doctype', 'br']);
  for (const [tag, closing, name, rest] of html.replace(/<style>[\s\S]*?<\/style>/g, '').matchAll(/<(\/?)([!a-zA-Z][\w-]*)([^>]*)>/g)) {
    if (closing) expect(open.pop(), tag).toBe(name);
    else if (!voids.has(name!) && !rest!.endsWith('/')) open.push(name!);
  }
  expect(open).toEqual([]);
}

describe('evaluationPage', () => {
  const minimal = (): Report => {
    const { votes: _v, abstain: _a, overlap: _o, groups: _g, robustness: _r, comparison: _c, unfitted: _u, ...least } = full();
    return { ...least, warnings: [], mistakes: [] };
  };

  it.each([
    ['everything', full],
    ['the least', minimal],
  ])('with %s is well-formed, escaped and needs nothing else', (_, make) => {
    const html = evaluationPage(make(), 'mien eval --html "a b.html"');
    checkNesting(html);
    expect(html).not.toMatch(/(?:https?:)?\/\/[a-z]/i);
    expect(html).not.toMatch(/<script|<link|@import|javascript:/i);
    expect([...html.matchAll(/src="([^"]*)"/g)].every(([, url]) => url!.startsWith('data:image/png;base64,'))).toBe(true);
    expect(html).toContain('mine &lt;script&gt;');
    expect(html).not.toContain('NaN');
    expect(html).not.toContain('undefined');
  });

  it('every link and every label leads somewhere, and no id stands twice', () => {
    const html = evaluationPage(full(), 'mien eval');
    const ids = [...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id!);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [, target] of html.matchAll(/href="#([^"]+)"/g)) expect(ids).toContain(target);
    for (const [, names] of html.matchAll(/aria-labelledby="([^"]+)"/g)) for (const id of names!.split(' ')) expect(ids).toContain(id);
    for (const [image] of html.matchAll(/<img[^>]*>/g)) expect(image).toMatch(/alt="Row \d+: true/);
  });

  it('shows warnings first, and pictures only where there are some', () => {
    const html = evaluationPage(full(), 'mien eval');
    expect(html.indexOf('Mind &lt;this&gt;.')).toBeLessThan(html.indexOf('Accuracy'));
    expect(evaluationPage(minimal(), 'mien eval')).not.toContain('<img');
  });

  it('figures of rows a model was trained on are marked, whichever of two it was', () => {
    expect(trainedMark(full())).toBeUndefined();
    expect(trainedMark({ ...full(), trainedOnRows: 7 })).toMatch(/^TRAINED ON THESE ROWS \(mine <script> on 7 of 80\)/);
    const comparison = { ...full().comparison!, trainedOnRows: 80 };
    const html = evaluationPage({ ...full(), comparison }, 'mien eval');
    expect(html).toContain('TRAINED ON THESE ROWS (other on 80 of 80)');
    expect(reportJson({ ...full(), comparison })).toMatchObject({ comparison: { trainedOnRows: 80 } });
  });

  it('rows the temperature was not fitted on have a calibration error of their own', () => {
    const { unfitted, evaluation: e } = full();
    const p = e.logits.slice(3 * 40).map(Math.exp);
    expect(unfitted).toMatchObject({ n: 40 });
    expect(unfitted!.ece).toBeCloseTo(calibration(p, e.truth.slice(40), 3).ece, 6);
    expect(evaluationPage(full(), 'mien eval')).toContain('Calibration error of rows not fitted on');
  });
});

describe('reportPlots', () => {
  it('are named apart, stand on paper and have no place outside of them', () => {
    const plots = reportPlots(full(), paperPalette);
    expect(plotHeading(full(), plots[0]!)).toMatchObject({ subtitle: 'mine <script> on made-up test, n 80', legend: ['mine <script>', 'other'] });
    expect(plotHeading({ ...full(), trainedOnRows: 3 }, plots[1]!)).toEqual({ subtitle: 'mine <script> on made-up test, n 80', mark: 'TRAINED ON THESE ROWS' });
    expect(plots.map(({ name }) => name)).toEqual(['recall', 'confusion', 'reliability', 'risk-coverage', 'groups', 'corruptions', 'occlusion']);
    for (const { content, width, name } of plots) {
      expect(content, name).not.toMatch(/NaN|Infinity|var\(/);
      for (const [, x] of content.matchAll(/ x="(-?[\d.]+)"/g)) expect(Number(x), name).toBeLessThanOrEqual(width);
    }
  });
});

describe('reportJson', () => {
  it('keeps the plain keys at the top and leaves out rows and pictures', () => {
    const json = reportJson(full());
    expect(json).toMatchObject({
      n: 80,
      split: 'test',
      model: '/models/mine.onnx',
      data: 'made-up',
      ece: expect.any(Number),
      macroF1Interval95: full().macroF1Interval95,
      comparison: { onlyFirst: 0, figures: { n: 80 } },
    });
    const text = JSON.stringify(json);
    expect(text).not.toContain('base64');
    for (const key of ['logits', 'predicted', 'truth', 'mistakes']) expect(json).not.toHaveProperty(key);
  });
});
