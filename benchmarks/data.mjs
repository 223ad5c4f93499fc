/**
 * What the data package costs: imports, the doctor, augmentation, and a store of a million faces.
 *
 *   node benchmarks/data.mjs --csv fer2013.csv --out benchmarks
 *   node benchmarks/data.mjs --rows 500 --images 2000 --seconds 0.5     (tries everything out; writes nothing)
 *
 * Every import and the doctor run in a process of their own, so that time, processor time and memory are those of a person's command.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { compileAugmentation, faceAugmentation, openStore, randomFor, StoreWriter, shuffledIndices } from '@mien/data';

const { values: flags } = parseArgs({
  options: {
    csv: { type: 'string' },
    rows: { type: 'string', default: '35887' },
    images: { type: 'string', default: '1000000' },
    seconds: { type: 'string', default: '5' },
    out: { type: 'string' },
    keep: { type: 'string' },
  },
});
const rows = Number(flags.rows);
const images = Number(flags.images);
const seconds = Number(flags.seconds);
const side = 48;
const imageBytes = side * side;
const batch = 64;
const labels = ['angry', 'disgust', 'fear', 'happy', 'sad', 'surprise', 'neutral'];

const mien = fileURLToPath(new URL('../packages/cli/dist/main.js', import.meta.url));
const work = flags.keep ?? mkdtempSync(join(tmpdir(), 'mien-bench-data-'));
mkdirSync(work, { recursive: true });
const table = [];

function tell(row) {
  table.push(row);
  process.stderr.write(`${row.what}: ${row.value} ${row.unit}${row.bar ? ` (bar: ${row.bar})` : ''}\n`);
}

/** Runs `mien` → { seconds, cpuSeconds, megabytes }: GNU time is not everywhere, so the process tells of itself. */
async function measure(...args) {
  const report = `process.on('exit', () => { const u = process.resourceUsage(); require('fs').writeFileSync(3, JSON.stringify({ cpu: (u.userCPUTime + u.systemCPUTime) / 1e6, megabytes: u.maxRSS / 1024 })); });`;
  const preload = join(work, 'report.cjs');
  writeFileSync(preload, report);
  const began = performance.now();
  const child = spawn(process.execPath, ['--require', preload, mien, ...args], { stdio: ['ignore', 'ignore', 'pipe', 'pipe'] });
  let told = '';
  let errors = '';
  child.stdio[3].on('data', (chunk) => (told += chunk));
  child.stderr.on('data', (chunk) => (errors += chunk));
  const code = await new Promise((resolve) => child.on('close', resolve));
  if (code !== 0) throw new Error(`mien ${args.join(' ')} ended with ${code}: ${errors.slice(-2000)}`);
  const { cpu, megabytes } = JSON.parse(told);
  return { seconds: (performance.now() - began) / 1000, cpuSeconds: cpu, megabytes };
}

/** Pixels that look like nothing, and differ in every image. */
function fill(image, row) {
  const rng = randomFor('bench', row);
  const [a, b] = [rng.next(), rng.next()];
  for (let i = 0; i < imageBytes; i++) image[i] = 128 + 100 * Math.sin(a * (i % side) + b * Math.floor(i / side) + 7 * a);
  return image;
}

/** A csv in the form of fer2013.csv, of as many rows. */
function writeCsv(path) {
  const image = new Uint8Array(imageBytes);
  const lines = ['emotion,pixels,Usage'];
  for (let row = 0; row < rows; row++) {
    const usage = row % 10 < 8 ? 'Training' : row % 10 === 8 ? 'PublicTest' : 'PrivateTest';
    lines.push(`${row % 7},${fill(image, row).join(' ')},${usage}`);
  }
  writeFileSync(path, `${lines.join('\n')}\n`);
  return path;
}

async function imports() {
  const csv = flags.csv ?? writeCsv(join(work, 'made.csv'));
  const of = flags.csv ? 'the csv given' : `a made csv of ${rows} rows`;
  const store = join(work, 'store');
  const tellImport = (what, { seconds: s, cpuSeconds, megabytes }, bar) => {
    tell({ what: `import, ${what}`, value: s.toFixed(1), unit: 's', ...(bar ? { bar: '≤ 15 s' } : {}) });
    tell({ what: `import, ${what}: processor time`, value: cpuSeconds.toFixed(1), unit: 's' });
    tell({ what: `import, ${what}: most memory`, value: megabytes.toFixed(0), unit: 'MB', ...(bar ? { bar: '≤ 400 MB' } : {}) });
  };
  tellImport(of, await measure('data', 'import', csv, '--out', store, '--force'), true);
  const { seconds: doctor, megabytes } = await measure('data', 'check', store, '--json');
  const opened = await openStore(store);
  tell({ what: `doctor over ${opened.manifest.count} images, without models`, value: doctor.toFixed(1), unit: 's', bar: '≤ 60 s' });
  tell({ what: 'doctor: most memory', value: megabytes.toFixed(0), unit: 'MB' });
  await opened.close();
  for (const format of ['parquet', 'folders']) {
    const exported = join(work, format);
    await measure('data', 'export', store, '--format', format, '--out', exported);
    tellImport(
      `the same as ${format === 'parquet' ? 'Parquet with PNGs' : 'folders of PNGs'}`,
      await measure('data', 'import', exported, '--out', join(work, `from-${format}`), '--force'),
      false,
    );
  }
}

/** Images a second on this one thread. */
function augmentation() {
  const geometry = { channels: 1, height: side, width: side, outHeight: side, outWidth: side };
  const lists = {
    'flip, turn, shift, zoom, brightness': faceAugmentation,
    'those, contrast and a hole': [...faceAugmentation, { op: 'contrast' }, { op: 'cutout', probability: 1 }],
    'randaugment and a hole': [{ op: 'flip' }, { op: 'randaugment', n: 2, m: 8 }, { op: 'cutout', probability: 1 }],
  };
  const source = new Uint8Array(256 * imageBytes);
  for (let row = 0; row < 256; row++) fill(source.subarray(row * imageBytes, (row + 1) * imageBytes), row);
  const out = new Float32Array(imageBytes);
  const rng = randomFor(1);
  for (const [name, list] of Object.entries(lists)) {
    const augment = compileAugmentation(list, geometry);
    const run = (count) => {
      for (let i = 0; i < count; i++) augment(source, (i % 256) * imageBytes, rng.reseed(1, 'augment', 0, i), out, 0);
    };
    run(2000);
    let done = 0;
    const began = performance.now();
    while (performance.now() - began < 1000 * seconds) {
      run(500);
      done += 500;
    }
    tell({
      what: `augmentation on one core, ${name}`,
      value: ((1000 * done) / (performance.now() - began)).toFixed(0),
      unit: 'images/s',
      bar: '≥ 15000 images/s',
    });
  }
}

async function largeStore() {
  const dir = join(work, 'large');
  const writer = new StoreWriter({
    out: dir,
    force: true,
    name: 'large',
    form: 'made',
    file: 'none',
    image: { layout: 'fixed', channels: 1, height: side, width: side },
    labels,
  });
  const made = Array.from({ length: 512 }, (_, row) => fill(new Uint8Array(imageBytes), row));
  for (let row = 0; row < images; row++) writer.append({ split: 'train', label: row % 7, row, image: made[row % made.length] });
  writer.finish();
  const began = performance.now();
  const store = await openStore(dir);
  const split = await store.split('train');
  tell({
    what: `open a store of ${images.toLocaleString('en')} images and its labels`,
    value: ((performance.now() - began) / 1000).toFixed(3),
    unit: 's',
    bar: '≤ 1 s',
  });
  const ordering = performance.now();
  const order = shuffledIndices(images, randomFor(1, 'shuffle', 0));
  tell({ what: 'order of an epoch', value: ((performance.now() - ordering) / 1000).toFixed(2), unit: 's' });
  const pixels = new Uint8Array(batch * imageBytes);
  let done = 0;
  const from = performance.now();
  while (performance.now() - from < 1000 * seconds) {
    const at = done % (images - batch);
    await split.gatherImages(order.subarray(at, at + batch), pixels);
    done += batch;
  }
  tell({
    what: `shuffled reading in batches of ${batch}`,
    value: ((1000 * done) / (performance.now() - from)).toFixed(0),
    unit: 'images/s',
    bar: 'more than training takes (hundreds to thousands)',
  });
  await store.close();
}

try {
  await imports();
  augmentation();
  await largeStore();
} finally {
  if (!flags.keep) rmSync(work, { recursive: true, force: true });
}

const machine = {
  processor: cpus()[0]?.model ?? 'unknown',
  cores: cpus().length,
  memoryGB: Math.round(totalmem() / 2 ** 30),
  node: process.version,
  load: loadavg().map((l) => Number(l.toFixed(2))),
};
const date = new Date().toISOString().slice(0, 10);
const markdown = [
  '# The data package, measured',
  '',
  `\`node benchmarks/data.mjs ${process.argv
    .slice(2)
    .map((word) => (word === flags.csv ? 'fer2013.csv' : word))
    .join(' ')}\`, ${date}, ${machine.cores} cores of ${machine.processor}, ${machine.memoryGB} GB, Node ${machine.node}, load ${machine.load.join(', ')}.`,
  '',
  '| what | measured | bar |',
  '| --- | --- | --- |',
  ...table.map(({ what, value, unit, bar = '' }) => `| ${what} | ${value} ${unit} | ${bar} |`),
  '',
].join('\n');
if (flags.out === undefined) process.stdout.write(markdown);
else {
  writeFileSync(join(flags.out, 'data.md'), markdown);
  writeFileSync(join(flags.out, 'data.json'), `${JSON.stringify({ date, machine, table }, null, 2)}\n`);
}
