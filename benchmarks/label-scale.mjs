/**
 * Do the queue's memory and the rate stay flat, however many images a job has? A list of paths is labelled by a fake
 * recogniser that opens none of them: what is left is the index, the queue, the hand-out, Parquet and the shards.
 *
 *   node benchmarks/label-scale.mjs --images 10000000 [--workers 2] [--chunk 256] [--dir FOLDER] [--local] [--save]
 *
 * Samples, every hundredth part of the way: memory of the server of the queue, of the process that hands out, and the
 * rate. Flatness needs a job that is long beside the window of 262,144 images: two million at least. Prints JSON; exit status 1 when the last tenth is more than a fifth slower or larger than the second tenth.
 */
import { fork } from 'node:child_process';
import { createWriteStream, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { connectRedis } from '@mien/jobs/redis';
import { label, queryLabels, work } from '@mien/labelling';
import { saveFigures } from './figures.mjs';
import { startRedis } from './redis-server.mjs';
import { brightnessModel } from './small-pictures.mjs';

const recogniser = new URL('./fake-recogniser.mjs', import.meta.url).href;

// As a worker: this file again, told so by its parent.
if (process.env.LABEL_SCALE_QUEUE) {
  process.on('disconnect', () => process.exit(0));
  await work({ queue: process.env.LABEL_SCALE_QUEUE, threads: 1, map: [], recogniser });
  process.exit(0);
}

const { values: flags } = parseArgs({
  options: {
    images: { type: 'string', default: '10000000' },
    workers: { type: 'string', default: '2' },
    chunk: { type: 'string', default: '256' },
    dir: { type: 'string' },
    local: { type: 'boolean', default: false },
    save: { type: 'boolean', default: false },
  },
});
const images = Number(flags.images);
const workers = Number(flags.workers);
const dir = flags.dir ?? mkdtempSync(join(tmpdir(), 'mien-scale-'));
const children = [];
let redis;
let observer;

async function writeList(file) {
  const stream = createWriteStream(file);
  for (let i = 0; i < images; i++) {
    const line = `/data/photographs/${String(Math.floor(i / 1000)).padStart(6, '0')}/picture-${String(i).padStart(9, '0')}.jpg\n`;
    if (!stream.write(line)) await new Promise((resolve) => stream.once('drain', resolve));
  }
  await new Promise((resolve) => stream.end(resolve));
}

/** Bytes the server of the queue holds. */
async function queueBytes() {
  if (!observer) return 0;
  return Number(/used_memory:(\d+)/.exec(await observer.info('memory'))[1]);
}

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

try {
  const list = join(dir, 'list.txt');
  const model = join(dir, 'brightness.onnx');
  const out = join(dir, 'labels');
  writeFileSync(model, brightnessModel());
  process.stderr.write('writing the list\n');
  await writeList(list);
  if (!flags.local) {
    redis = await startRedis();
    observer = await connectRedis(redis.url);
    for (let i = 0; i < workers; i++) {
      children.push(
        fork(fileURLToPath(import.meta.url), { env: { ...process.env, LABEL_SCALE_QUEUE: redis.url }, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] }),
      );
    }
  }
  const emptyQueueBytes = await queueBytes();

  const samples = [];
  const step = Math.max(1, Math.floor(images / 100));
  const listingBegan = performance.now();
  let labellingBegan;
  let lastDone = 0;
  let lastAt;
  let sampling = Promise.resolve();
  let cpuBefore;
  const manifest = await label({
    sources: [list],
    out,
    model,
    faces: true,
    chunkSize: Number(flags.chunk),
    recogniser,
    ...(flags.local ? { workers, threads: 1 } : { queue: redis.url, name: 'scale' }),
    onNotice: (message) => process.stderr.write(`${message}\n`),
    onProgress: ({ phase, done, workers: atWork }) => {
      if (phase === 'listing') return;
      const now = performance.now();
      labellingBegan ??= now;
      cpuBefore ??= process.cpuUsage();
      lastAt ??= now;
      if (done - lastDone < step) return;
      const perSecond = (1000 * (done - lastDone)) / (now - lastAt);
      lastDone = done;
      lastAt = now;
      const rssBytes = process.memoryUsage.rss();
      sampling = sampling.then(async () => {
        samples.push({ done, perSecond: Math.round(perSecond), queueBytes: (await queueBytes()) - emptyQueueBytes, rssBytes, workers: atWork });
        const { queueBytes: held } = samples.at(-1);
        process.stderr.write(
          `${done} images, ${perSecond.toFixed(0)}/s, queue ${(held / 1e6).toFixed(2)} MB, this process ${(rssBytes / 1e6).toFixed(0)} MB\n`,
        );
      });
    },
  });
  const seconds = (performance.now() - labellingBegan) / 1000;
  const { user, system } = process.cpuUsage(cpuBefore);
  await sampling;

  const counted = await queryLabels(out, 'SELECT count(*) AS images, count(DISTINCT item) AS items FROM images', async ({ rows }) => {
    for await (const row of rows) return row;
  });
  // The first tenth warms up; the last chunks leave workers idle.
  const tenth = (from) => samples.filter(({ done }) => done > from * images && done <= (from + 0.1) * images);
  const figures = (part) => ({
    perSecond: median(part.map((s) => s.perSecond)),
    queueBytes: median(part.map((s) => s.queueBytes)),
    rssBytes: median(part.map((s) => s.rssBytes)),
  });
  const early = figures(tenth(0.1));
  const late = figures(tenth(0.8));
  const problems = [];
  if (manifest.state !== 'done' || counted.images !== images || counted.items !== images)
    problems.push(`${counted.items} of ${images} images in the output, state ${manifest.state}`);
  if (late.perSecond < 0.8 * early.perSecond) problems.push(`the rate fell from ${early.perSecond} to ${late.perSecond} a second`);
  if (late.queueBytes > 1.2 * early.queueBytes + 200_000) problems.push(`the queue grew from ${early.queueBytes} to ${late.queueBytes} bytes`);
  if (late.rssBytes > 1.2 * early.rssBytes + 50e6) problems.push(`the process grew from ${early.rssBytes} to ${late.rssBytes} bytes`);
  for (const problem of problems) process.stderr.write(`NOT FLAT: ${problem}\n`);
  const result = {
    date: new Date().toISOString().slice(0, 10),
    command: `node benchmarks/label-scale.mjs --images ${images} --workers ${workers}${flags.local ? ' --local' : ''}`,
    machine: { cpu: cpus()[0]?.model, cores: cpus().length },
    images,
    chunkSize: Number(flags.chunk),
    workers,
    listingSeconds: Math.round((labellingBegan - listingBegan) / 100) / 10,
    seconds: Math.round(10 * seconds) / 10,
    imagesPerSecond: Math.round(images / seconds),
    // What the process that hands out needs by itself: the limit of a job, however many workers it has.
    handOutCpuSeconds: Math.round((user + system) / 1e5) / 10,
    largestQueueBytes: Math.max(...samples.map((s) => s.queueBytes)),
    largestRssBytes: Math.max(...samples.map((s) => s.rssBytes)),
    indexBytes: statSync(join(out, 'items.jsonl')).size + statSync(join(out, 'items.offsets')).size,
    shardBytes: manifest.shards?.reduce((sum, { bytes }) => sum + bytes, 0),
    second: early,
    ninth: late,
    problems,
    samples,
  };
  if (flags.save) saveFigures('label-scale', result);
  process.stdout.write(`${JSON.stringify(result)}\n`);
  process.exitCode = problems.length > 0 ? 1 : 0;
} finally {
  for (const child of children) child.kill('SIGKILL');
  observer?.disconnect();
  await redis?.stop();
  if (!flags.dir) rmSync(dir, { recursive: true, force: true });
}
