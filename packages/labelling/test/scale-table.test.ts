/** The page that computes what a hundred million images cost. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFolder } from './pictures.ts';

const root = join(import.meta.dirname, '../../..');
const folder = temporaryFolder('scale');
const page = join(folder, 'scale.md');
const [labelFile, scaleFile] = [join(folder, 'label.json'), join(folder, 'scale.json')];

function run(...flags: string[]) {
  return spawnSync(process.execPath, [join(root, 'benchmarks/scale-table.mjs'), '--label', labelFile, '--scale', scaleFile, '--docs', page, ...flags], {
    encoding: 'utf8',
  });
}

const kind = {
  queueOneWorkerPerSecond: 10,
  queueTwoOfOne: 2,
  poolOfInProcess: 0.95,
  overhead: 0.01,
  facesPerImage: 1,
  outputBytesPerImage: 100,
  chunkSize: 256,
};
const measured = {
  date: '2026-01-02',
  machine: { cpu: 'some CPU', cores: 2 },
  model: 'm.onnx',
  crops: { ...kind, queueOneWorkerPerSecond: 100, queueTwoOfOne: 1.8 },
  photos: kind,
};
const scaled = { date: '2026-01-02', images: 1e7, workers: 2, handOutCpuSeconds: 1000, largestQueueBytes: 2.5e6, largestRssBytes: 2e8, indexBytes: 7e8 };

it('says what to run where nothing was measured', () => {
  copyFileSync(join(root, 'docs/scale.md'), page);
  expect(run()).toMatchObject({ status: 2, stderr: expect.stringContaining('node benchmarks/label.mjs') });
});

it('computes core-hours, hours of machines and bytes from the figures, and notices a page that is out of date', () => {
  writeFileSync(labelFile, JSON.stringify(measured));
  writeFileSync(scaleFile, JSON.stringify(scaled));
  expect(run('--check').status).toBe(1);
  expect(run()).toMatchObject({ status: 0, stderr: '' });
  const text = readFileSync(page, 'utf8');
  // 90 a second and core: 1e8 / 90 / 3600 = 308.6 core-hours, 19.3 h on 16 cores; the hand-out ends at 10,000 a second.
  expect(text).toContain('| face crops (`--faces`) | 90 | 309 | 19 h | 2.8 h | 2.8 h | 111 |');
  // 10 a second and core: 2,778 core-hours = 7.2 days on 16 cores.
  expect(text).toContain('| photographs, 1 faces each | 10 | 2,778 | 7.2 days | 17 h | 2.8 h | 1,000 |');
  expect(text).toContain('| queue, at most | 2.5 MB at 10,000,000 images | 2.5 MB: it does not grow |');
  expect(text).toContain('| index of paths, on disk | 70 an image | 7 GB |');
  expect(run('--check').status).toBe(0);
});
