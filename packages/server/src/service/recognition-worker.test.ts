import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const compiled = fileURLToPath(new URL('../../dist/service/recognition-pool.js', import.meta.url));
const model = fileURLToPath(new URL('../../../../models/mien-live.onnx', import.meta.url));

/** Closes a pool of one real thread while networks run: a thousand of them, or many photographs that are decoded beside them. */
const script = `
  import { readFileSync } from 'node:fs';
  import sharp from 'sharp';
  import { RecognitionPool } from ${JSON.stringify(compiled)};
  const models = [{ name: 'm', file: 'm.onnx', bytes: new Uint8Array(readFileSync(${JSON.stringify(model)})) }];
  let onRun;
  const computing = new Promise((resolve) => { onRun = resolve; });
  const pool = await RecognitionPool.open({ models, workers: 1, threads: 1, queueLimit: 100, observer: { onRun } });
  const data = Uint8Array.from({ length: 400 * 400 * 3 }, (_, i) => (i * 7919) % 256);
  const jpeg = await sharp(data, { raw: { width: 400, height: 400, channels: 3 } }).jpeg().toBuffer();
  const soon = { deadline: performance.now() + 60_000, patient: true };
  const common = { model: 'm', threshold: undefined, maxPixels: 1e6 };
  const told = [
    pool.run({ kind: 'explain', ...common, picture: { bytes: new Uint8Array(jpeg) }, detect: 'none', face: 0, label: undefined, grid: 32 }, soon),
    ...Array.from({ length: 20 }, () => pool.run({ kind: 'recognise', ...common, picture: { bytes: new Uint8Array(jpeg) }, detect: 'none' }, soon)),
  ].map((job) => job.then(() => 'done', ({ code }) => code));
  await computing;
  await pool.close();
  console.log(JSON.stringify(await Promise.all(told)));
`;

test('a pool that is closed while its thread computes ends without harm, and refuses what it had', async () => {
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
  });
  let [output, complaints] = ['', ''];
  child.stdout.on('data', (chunk) => (output += chunk));
  child.stderr.on('data', (chunk) => (complaints += chunk));
  expect(await once(child, 'close'), complaints).toEqual([0, null]);
  const told = JSON.parse(output) as string[];
  expect(told.length).toBe(21);
  expect(told[0]).toBe('worker-lost');
  for (const code of told) expect(['done', 'worker-lost', 'draining']).toContain(code);
}, 60_000);
