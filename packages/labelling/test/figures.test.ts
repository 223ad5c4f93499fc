/** The page of measured figures: what is measured stands beside its bar, and a bar that is missed is called so. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFolder } from './pictures.ts';

// A script of the benchmarks: plain JavaScript, without types.
const { formatFigures } = (await import('../../../benchmarks/figures.mjs' as string)) as { formatFigures: (from: string) => string };

const folder = temporaryFolder('figures');
const machine = { cpu: 'some CPU', cores: 2, node: 'v20' };
const save = (name: string, figures: object): void => writeFileSync(join(folder, `${name}.json`), JSON.stringify({ date: '2026-01-02', machine, ...figures }));
const rowsOf = (page: string, what: string): string[] => page.split('\n').filter((line) => line.includes(what));

it('says what to run where nothing was measured', () => {
  expect(formatFigures(join(folder, 'nowhere'))).toContain('Not measured yet: `node benchmarks/label-chaos.mjs --save`');
});

it('tells bars that are met from those that are missed', () => {
  const crowd = { answered: 900, refused: 100, other: 0, errors: 0, timeouts: 0 };
  const rates = { poolPerSecond: 95, inProcessPerSecond: 100, queueTwoWorkersPerSecond: 150, queueOneWorkerPerSecond: 100 };
  const full = { perSecond: 79, generatorCores: 0.4 };
  const crops = {
    inProcess: { perSecond: 100 },
    full,
    ofInProcess: 0.79,
    cpuOfInProcess: 0.9,
    at70: { requests: 500, refused: 0, failed: 0, p50Ms: 10, p99Ms: 29, p99OverMedian: 2.9 },
    crowd,
  };
  save('serve', { seconds: 20, minutes: 30, crops: { ...crops, memory: { answered: 1000, afterMinuteMb: [200, 210], growth: 0.06 } } });
  save('label-chaos', {
    images: 200_000,
    damaged: 400,
    workers: 2,
    workersKilled: 90,
    labelKilled: 1,
    redisRestarted: 1,
    diskFilled: 'left out',
    seconds: 600,
    problems: [],
  });
  save('label', {
    model: 'some.onnx',
    crops: { date: '2026-01-01', command: 'node benchmarks/label.mjs', poolOfInProcess: 0.95, queueTwoOfOne: 1.5, overhead: 0.01, chunkSize: 256, ...rates },
  });
  const page = formatFigures(folder);
  expect(rowsOf(page, 'throughput')).toEqual([expect.stringMatching(/79 ÷ 100 a second = 0\.79 .* ≥ 0\.8 \| \*\*missed\*\*/)]);
  expect(rowsOf(page, 'p99')).toEqual([expect.stringMatching(/2\.9 \(.* 500 requests, 0 refused\) \| < 3 \| met/)]);
  expect(page).toContain('`node benchmarks/label.mjs --save`, 2026-01-01, some CPU, 2 cores, some.onnx.');
  expect(rowsOf(page, 'local pool')).toEqual([expect.stringMatching(/0\.95 \| ≥ 0\.9 \| met/)]);
  expect(rowsOf(page, 'two one-thread')).toEqual([expect.stringMatching(/1\.5 \| ≥ 1\.6 \| \*\*missed\*\*/)]);
  expect(rowsOf(page, '1,000 connections')).toEqual([expect.stringMatching(/900 answered, 100 refused .* met/)]);
  expect(rowsOf(page, 'memory over 30')).toEqual([expect.stringMatching(/6 % .* \*\*missed\*\*/)]);
  expect(rowsOf(page, 'exactly once')).toEqual([expect.stringMatching(/200,000 \(400 of them damaged.* met/)]);
  expect(rowsOf(page, 'disk full')).toEqual([expect.stringMatching(/left out \| 1 \| \*\*missed\*\*/)]);
});
