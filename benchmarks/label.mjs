/**
 * What does labelling cost beside recognition? The same pictures, recognised in this process in batches, by a local pool,
 * and by one and by two one-thread workers over Redis or Valkey.
 *
 *   node benchmarks/label.mjs [--crops 8192] [--photos 64] [--runs 3] [--model FILE] [--json FILE] [--save]
 *
 * 0 of a kind leaves it out; --save keeps what was measured of it before with the same machine and model. crops: 48×48 PNGs
 * of noise, `--faces`. photos: whole photographs, faces looked for; those of MIEN_DATA/photos, or of an installed package. Rates are images a second from the first finished image to the last: starting processes and loading
 * models, which a long job does once, is given apart. Every figure is the median of the runs. Wants a quiet machine.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';

// As in workers of one thread; read when libvips is loaded, so before the imports below.
process.env.VIPS_CONCURRENCY = '1';
const { label, PictureRecogniser } = await import('@mien/labelling');
const { defaultDetectorPath } = await import('@mien/runtime/node');
const { startRedis } = await import('./redis-server.mjs');
const { saveFigures, savedFigures } = await import('./figures.mjs');
const { readFile } = await import('node:fs/promises');
const { default: sharp } = await import('sharp');

const root = fileURLToPath(new URL('..', import.meta.url));
const { values: flags } = parseArgs({
  options: {
    crops: { type: 'string', default: '8192' },
    photos: { type: 'string', default: '64' },
    runs: { type: 'string', default: '3' },
    model: { type: 'string', default: join(root, 'models/mien-seresnet.onnx') },
    json: { type: 'string' },
    save: { type: 'boolean', default: false },
  },
});
const cores = availableParallelism();
/** Small for photographs, which take half a second or so each: every worker shall have several chunks. */
const chunkSizes = { crops: 256, photos: 8 };
const dir = mkdtempSync(join(tmpdir(), 'mien-label-bench-'));
const note = (text) => process.stderr.write(`${text}\n`);
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const round = (value, digits = 1) => Number(value.toFixed(digits));

/** A list file that names the given files over and over, and the same paths as items. */
function repeat(name, files, count) {
  const paths = Array.from({ length: count }, (_, i) => files[i % files.length]);
  const list = join(dir, `${name}.txt`);
  writeFileSync(list, `${paths.join('\n')}\n`);
  return { list, items: paths.map((file) => ({ file })) };
}

async function writeCrops() {
  const folder = join(dir, 'crops');
  mkdirSync(folder);
  const noise = { type: 'gaussian', mean: 128, sigma: 40 };
  return Promise.all(
    Array.from({ length: 256 }, async (_, i) => {
      const file = join(folder, `${i}.png`);
      await sharp({ create: { width: 48, height: 48, channels: 3, background: 'grey', noise } })
        .png()
        .toFile(file);
      return file;
    }),
  );
}

function photoFiles() {
  const folder = process.env.MIEN_DATA ? join(process.env.MIEN_DATA, 'photos') : join(root, 'node_modules/@vladmandic/face-api/demo');
  return readdirSync(folder)
    .filter((file) => /\.jpe?g$/i.test(file))
    .map((file) => join(folder, file));
}

/** Images a second of the recogniser alone, in this process, chunk by chunk. */
async function inProcess({ items, faces, chunkSize }, threads) {
  const model = new Uint8Array(await readFile(flags.model));
  const detector = faces ? undefined : new Uint8Array(await readFile(defaultDetectorPath));
  const recogniser = await PictureRecogniser.open({ model, detector, threads, mapPath: (path) => path });
  const { signal } = new AbortController();
  await recogniser.recognise(items.slice(0, 32), { signal });
  const began = performance.now();
  for (let from = 0; from < items.length; from += chunkSize) await recogniser.recognise(items.slice(from, from + chunkSize), { signal });
  const rate = (1000 * items.length) / (performance.now() - began);
  await recogniser.release();
  return { rate };
}

let jobs = 0;

/** Images a second of a whole job. */
async function job({ list, faces, chunkSize }, options) {
  const out = join(dir, `labels-${++jobs}`);
  const began = performance.now();
  let first;
  let last;
  const manifest = await label({
    ...{ sources: [list], out, model: flags.model, faces, chunkSize, ...options },
    onProgress: ({ phase, done }) => {
      if (phase !== 'labelling' || done === 0 || done === last?.done) return;
      last = { done, at: performance.now() };
      first ??= last;
    },
  });
  const ended = performance.now();
  if (manifest.state !== 'done') throw new Error(`the job ended as ${manifest.state}`);
  const bytes = manifest.shards.reduce((sum, shard) => sum + shard.bytes, 0);
  rmSync(out, { recursive: true });
  // The last images are told when the job has ended.
  return {
    rate: (1000 * (manifest.items - first.done)) / ((last.done === manifest.items ? last.at : ended) - first.at),
    startSeconds: (first.at - began) / 1000,
    bytesPerImage: bytes / manifest.items,
    facesPerImage: manifest.totals.faces / manifest.totals.images,
  };
}

/** The same over a queue, with workers that have joined it before. */
async function queuedJob(pictures, workers) {
  const redis = await startRedis();
  const mien = join(root, 'packages/cli/bin/mien.js');
  const children = Array.from({ length: workers }, () =>
    spawn(process.execPath, [mien, 'worker', '--queue', redis.url, '--threads', '1'], { stdio: 'ignore', env: { ...process.env, VIPS_CONCURRENCY: '1' } }),
  );
  try {
    return await job(pictures, { queue: redis.url, name: `bench-${jobs}` });
  } finally {
    const gone = children.map((child) => new Promise((resolve) => child.once('exit', resolve)));
    for (const child of children) child.kill('SIGKILL');
    await Promise.all(gone);
    await redis.stop();
    await sleep(500);
  }
}

async function measure(name, pictures) {
  const runs = { process: [], oneThread: [], pool: [], oneWorker: [], queueOne: [], queueTwo: [] };
  for (let run = 1; run <= Number(flags.runs); run++) {
    note(`${name}: run ${run} of ${flags.runs}`);
    // Turn by turn, so that a slow minute of the machine does not hit one of them alone.
    runs.process.push(await inProcess(pictures, cores));
    runs.pool.push(await job(pictures, {}));
    runs.oneThread.push(await inProcess(pictures, 1));
    runs.oneWorker.push(await job(pictures, { workers: 1 }));
    runs.queueOne.push(await queuedJob(pictures, 1));
    runs.queueTwo.push(await queuedJob(pictures, 2));
  }
  const rate = (key) => median(runs[key].map((result) => result.rate));
  const ratio = (a, b) => median(runs[a].map((result, i) => result.rate / runs[b][i].rate));
  const result = {
    images: pictures.items.length,
    chunkSize: pictures.chunkSize,
    facesPerImage: round(runs.pool[0].facesPerImage, 2),
    inProcessPerSecond: round(rate('process')),
    poolPerSecond: round(rate('pool')),
    poolOfInProcess: round(ratio('pool', 'process'), 3),
    oneThreadPerSecond: round(rate('oneThread')),
    oneWorkerPerSecond: round(rate('oneWorker')),
    overhead: round(1 - ratio('oneWorker', 'oneThread'), 3),
    queueOneWorkerPerSecond: round(rate('queueOne')),
    queueTwoWorkersPerSecond: round(rate('queueTwo')),
    queueTwoOfOne: round(ratio('queueTwo', 'queueOne'), 2),
    poolStartSeconds: round(median(runs.pool.map((r) => r.startSeconds))),
    outputBytesPerImage: round(runs.pool[0].bytesPerImage),
  };
  note(
    `${name}: pool ${result.poolOfInProcess} of in-process (bar 0.9); overhead ${(100 * result.overhead).toFixed(1)} % (bar 3 %); two workers ${result.queueTwoOfOne}× one (bar 1.6)`,
  );
  return result;
}

try {
  const kinds = {
    crops: async (count) => ({ ...repeat('crops', await writeCrops(), count), faces: true, chunkSize: chunkSizes.crops }),
    photos: (count) => ({ ...repeat('photos', photoFiles(), count), faces: false, chunkSize: chunkSizes.photos }),
  };
  const result = {
    machine: { cpu: cpus()[0]?.model, cores },
    model: flags.model.split('/').at(-1),
  };
  const before = flags.save ? savedFigures('label') : undefined;
  for (const [kind, pictures] of Object.entries(kinds)) {
    const count = Number(flags[kind]);
    if (count > 0) {
      const command = `node benchmarks/label.mjs --crops ${flags.crops} --photos ${flags.photos} --runs ${flags.runs}`;
      result[kind] = { date: new Date().toISOString().slice(0, 10), command, ...(await measure(kind, await pictures(count))) };
    } else if (before?.[kind] && before.model === result.model && isDeepStrictEqual(before.machine, result.machine)) result[kind] = before[kind];
  }
  const text = `${JSON.stringify(result, null, 2)}\n`;
  if (flags.save) saveFigures('label', result);
  if (flags.json) writeFileSync(flags.json, text);
  else process.stdout.write(text);
} finally {
  rmSync(dir, { recursive: true, force: true });
}
