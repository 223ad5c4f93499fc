/**
 * Does `mien label` keep its word when everything around it fails? Generated pictures are labelled over a queue while
 * workers are killed (kill -9) at random, the server of the queue is killed once and comes back empty, the process that
 * hands out is killed once and started again, and the disk fills up once. In the end every picture must be in the
 * output exactly once, with the result that belongs to it.
 *
 *   node benchmarks/label-chaos.mjs --images 200000 [--workers 2] [--kill-every 4] [--dir FOLDER] [--seed 1] [--save]
 *
 * Needs a built checkout, valkey-server or redis-server, and for the full disk the right to mount a tmpfs (root);
 * without it that part is left out, and the result says so. Prints JSON; exit status 1 when something is not as promised.
 */
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readdirSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import { randomFor } from '@mien/data';
import { queryLabels, readManifest } from '@mien/labelling';
import { saveFigures } from './figures.mjs';
import { startRedis } from './redis-server.mjs';
import { brightnessModel, shades, writePictures } from './small-pictures.mjs';

const { values: flags } = parseArgs({
  options: {
    images: { type: 'string', default: '200000' },
    workers: { type: 'string', default: '2' },
    'kill-every': { type: 'string', default: '4' },
    chunk: { type: 'string', default: '256' },
    dir: { type: 'string' },
    seed: { type: 'string', default: '1' },
    save: { type: 'boolean', default: false },
  },
});
const images = Number(flags.images);
const mien = fileURLToPath(new URL('../packages/cli/bin/mien.js', import.meta.url));
const dir = flags.dir ?? mkdtempSync(join(tmpdir(), 'mien-chaos-'));
const random = randomFor(Number(flags.seed), 'chaos');
const say = (text) => process.stderr.write(`${((performance.now() - began) / 1000).toFixed(1).padStart(7)} s  ${text}\n`);
const began = performance.now();

const pictures = join(dir, 'pictures');
const disk = join(dir, 'disk');
const out = join(disk, 'labels');
const modelFile = join(dir, 'brightness.onnx');
const events = { workersKilled: 0, labelKilled: 0, redisRestarted: 0, diskFilled: 'left out: a tmpfs cannot be mounted here' };

mkdirSync(disk, { recursive: true });
const { damaged } = await writePictures(pictures, images);
writeFileSync(modelFile, brightnessModel());
say(`${images} pictures written, ${damaged} of them damaged`);
const diskMb = 96 + Math.ceil((images * 400) / 2 ** 20);
const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${diskMb}m`, 'tmpfs', disk]).status === 0;
const redis = await startRedis();

const children = new Set();
let over = false;
const lastWords = [];

function start(name, args, onExit) {
  const child = spawn(process.execPath, [mien, ...args], { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, MIEN_QUEUE: redis.url } });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    for (const line of text.split('\n')) if (line.trim()) lastWords.push(`${name}: ${line}`);
    lastWords.splice(0, lastWords.length - 200);
    if (text.includes('joined')) child.hasJoined = true;
  });
  children.add(child);
  child.once('exit', (code, signal) => {
    children.delete(child);
    onExit?.(code, signal);
  });
  return child;
}

const workers = new Map();
function startWorker(place) {
  workers.set(
    place,
    start(`worker ${place}`, ['worker'], (code, signal) => {
      workers.delete(place);
      if (over) return;
      if (signal !== 'SIGKILL') say(`worker ${place} ended by itself (${signal ?? code})`);
      startWorker(place);
    }),
  );
}

/** Runs `mien label` to its end, again and again where it is killed. */
async function labelAll() {
  for (;;) {
    const code = await new Promise((resolve) => {
      labelProcess = start(
        'label',
        ['label', pictures, '--out', out, '--faces', '--model', modelFile, '--chunk', flags.chunk, '--name', 'chaos'],
        (status, signal) => resolve(signal === 'SIGKILL' ? 'killed' : status),
      );
    });
    if (code === 'killed') {
      say('mien label was killed; started again');
      continue;
    }
    return code;
  }
}
let labelProcess;

/** How far it is, 0…1. */
function fraction() {
  const chunks = Math.ceil(images / Number(flags.chunk));
  const shards = existsSync(join(out, 'images')) ? readdirSync(join(out, 'images')).filter((name) => name.endsWith('.parquet')).length : 0;
  const folders = existsSync(join(out, 'chunks')) ? readdirSync(join(out, 'chunks')).filter((name) => !name.startsWith('.')).length : 0;
  return Math.min(1, (shards * 256 + folders) / chunks);
}

/** Only those at work: on a slow machine, others would be killed before they ever were. */
async function killWorkers() {
  while (!over) {
    await sleep(1000 * Number(flags['kill-every']) * (0.5 + random.next()));
    const atWork = [...workers.values()].filter((child) => child.hasJoined);
    if (over || atWork.length === 0) continue;
    atWork[random.int(atWork.length)].kill('SIGKILL');
    events.workersKilled++;
  }
}

async function when(part, act) {
  while (!over && fraction() < part) await sleep(200);
  if (!over) await act();
}

/** Takes all space of the disk for a while. */
async function fillDisk() {
  say('the disk is full');
  const file = openSync(join(disk, 'filler'), 'w');
  const hold = performance.now() + 12_000;
  const block = Buffer.alloc(1 << 16);
  while (performance.now() < hold && !over) {
    // Again and again: whatever is freed meanwhile is taken too.
    try {
      for (;;) writeSync(file, block);
    } catch (error) {
      if (error.code !== 'ENOSPC') throw error;
    }
    await sleep(200);
  }
  closeSync(file);
  rmSync(join(disk, 'filler'));
  events.diskFilled = 'once, for 12 s';
  say('the disk has space again');
}

let exitCode = 1;
for (const name of ['SIGINT', 'SIGTERM']) process.once(name, () => cleanUp().finally(() => process.exit(130)));
try {
  for (let place = 0; place < Number(flags.workers); place++) startWorker(place);
  const trouble = [
    killWorkers(),
    when(0.2, async () => {
      await redis.restart();
      events.redisRestarted++;
      say('the server of the queue was killed and came back empty');
    }),
    when(0.4, async () => {
      labelProcess.kill('SIGKILL');
      events.labelKilled++;
    }),
    mounted ? when(0.6, fillDisk) : undefined,
  ];
  const status = await labelAll();
  over = true;
  await Promise.all(trouble);
  const seconds = (performance.now() - began) / 1000;
  say(`mien label ended with status ${status}`);

  const problems = await check(status);
  for (const problem of problems) say(`NOT AS PROMISED: ${problem}`);
  if (problems.length > 0) process.stderr.write(`${lastWords.slice(-40).join('\n')}\n`);
  const result = {
    date: new Date().toISOString().slice(0, 10),
    machine: { cpu: cpus()[0]?.model, cores: cpus().length },
    images,
    damaged,
    chunkSize: Number(flags.chunk),
    workers: Number(flags.workers),
    ...events,
    seconds: Math.round(seconds),
    problems,
  };
  if (flags.save) saveFigures('label-chaos', result);
  process.stdout.write(`${JSON.stringify(result)}\n`);
  exitCode = problems.length > 0 ? 1 : 0;
} finally {
  await cleanUp();
}
process.exit(exitCode);

async function cleanUp() {
  over = true;
  for (const child of children) child.kill('SIGKILL');
  await redis.stop();
  if (mounted) spawnSync('umount', ['--lazy', disk]);
  if (!flags.dir) rmSync(dir, { recursive: true, force: true });
}

/** What is wrong with the output, in words; empty when every picture is there once, with its own result. */
async function check(status) {
  const problems = [];
  const expectEqual = (what, got, expected) => {
    if (got !== expected) problems.push(`${what}: ${got}, expected ${expected}`);
  };
  expectEqual('exit status', status, 0);
  expectEqual('state', (await readManifest(out))?.state, 'done');
  if (problems.length > 0) return problems;
  const one = (sql) =>
    queryLabels(out, sql, async ({ rows }) => {
      for await (const row of rows) return row;
    });
  const found = await one(
    'SELECT count(*) n, count(DISTINCT source) sources, count(DISTINCT item) items, max(item) highest, count(error_code) errors FROM images',
  );
  expectEqual('rows of images', found.n, images);
  expectEqual('different files', found.sources, images);
  expectEqual('different items', found.items, images);
  expectEqual('last item', found.highest, images - 1);
  expectEqual('errors', found.errors, damaged);
  const faces = await one('SELECT count(*) n, count(DISTINCT item) items FROM faces');
  expectEqual('rows of faces', faces.n, images - damaged);
  expectEqual('items with a face', faces.items, images - damaged);
  // Every picture of one shade must have got one and the same result, and every shade another one.
  const shadesFound = await one(
    "SELECT count(*) n, max(results) AS most, count(DISTINCT happy) AS distinct_results FROM (SELECT regexp_extract(source, '/s(\\d\\d)-', 1) shade, count(DISTINCT happy) results, min(happy) happy FROM faces GROUP BY 1)",
  );
  expectEqual('shades', shadesFound.n, Math.min(shades, images));
  expectEqual('results of one shade', shadesFound.most, 1);
  expectEqual('different results', shadesFound.distinct_results, Math.min(shades, images));
  for (const left of ['chunks', 'suspects', 'unpacked', 'lock']) if (existsSync(join(out, left))) problems.push(`${left} was left behind`);
  return problems;
}
