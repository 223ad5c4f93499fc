import { expect, it } from 'vitest';
import type { EngineBench } from '../bench-engine.ts';
import { markdownTable, tableRows } from './engine-table.ts';

const bench: EngineBench = {
  date: '2026-01-02',
  machine: 'a machine',
  device: 'cpu',
  kernels: 'standard convolutions',
  warmups: 2,
  counted: 9,
  sgemmGflops: 100,
  models: [
    {
      name: 'resnet18-48',
      batch: 32,
      input: [1, 48, 48],
      parameters: 11,
      stepMs: 2000,
      imagesPerSecond: 16,
      gflops: 70,
      augmentShare: 0.001,
      ofSgemm: 0.7,
    },
  ],
  peers: [
    { against: 'PyTorch', model: 'resnet18-48', batch: 32, result: { engine: 'PyTorch 1', stepMs: 3000, oursMs: 2000, ratio: 1.5 } },
    { against: 'TensorFlow.js wasm', model: 'small-cnn', batch: 32, result: { skipped: 'no Chromium' } },
  ],
  peakMemory: { peakMb: 900, warmMb: 1, endMb: 1, trainingCase: { name: 'resnet18-48', batch: 32 } },
  soak: { peakMb: 1, warmMb: 200, endMb: 203, trainingCase: { name: 'small-cnn', batch: 32 }, steps: 2000, growth: 0.015 },
};

it('has a row for each measure, with what it must reach; what was not measured says why', () => {
  expect(tableRows(bench).map(({ measure, shown, must, aim }) => [measure, shown, must, aim])).toEqual([
    ['resnet18-48 48×48, N=32: training, of sgemm', '0.70', '≥ 0.68', '≥ 0.80'],
    ["resnet18-48, N=32: Mien's speed against PyTorch", '1.50×', '≥ 0.9×', '≥ 1.2×'],
    ["small-cnn, N=32: Mien's speed against TensorFlow.js wasm", 'not measured', '≥ 20×', '≥ 40×'],
    ['resnet18-48, N=32: peak resident memory', '0.90 GB', '≤ 1.0 GB', '≤ 0.7 GB'],
    ['2000 steps: growth of resident memory after warm-up', '1.5 %', '< 2 %', '0'],
  ]);
  expect(tableRows(bench)[2]!.note).toBe('no Chromium');
});

it('is a Markdown table of as many cells in every line, with the machine above it', () => {
  const [above, empty, ...lines] = markdownTable(bench).trimEnd().split('\n');
  expect(above).toMatch(/^2026-01-02, a machine; device cpu; matrix product \(sgemm\) 100 GFLOP\/s/);
  expect(empty).toBe('');
  expect(lines.length).toBe(7);
  for (const line of lines) expect(line.split('|').length).toBe(7);
});
