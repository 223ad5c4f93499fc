/**
 * Writes the tables of docs/scale.md from measured figures: what a number of images costs in machines, hours and bytes.
 *
 *   node benchmarks/scale-table.mjs [--images 100000000] [--label benchmarks/label.json] [--scale benchmarks/label-scale.json] [--docs docs/scale.md] [--check]
 *
 * --check writes nothing and ends with status 1 where the page is not what the figures give.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = fileURLToPath(new URL('..', import.meta.url));
const { values: flags } = parseArgs({
  options: {
    images: { type: 'string', default: '100000000' },
    label: { type: 'string', default: join(root, 'benchmarks/label.json') },
    scale: { type: 'string', default: join(root, 'benchmarks/label-scale.json') },
    docs: { type: 'string', default: join(root, 'docs/scale.md') },
    check: { type: 'boolean', default: false },
  },
});
const begin = '<!-- figures: written by benchmarks/scale-table.mjs -->';
const end = '<!-- end of figures -->';
const images = Number(flags.images);
const coresPerMachine = 16;

for (const [file, command] of [
  [flags.label, 'node benchmarks/label.mjs --save'],
  [flags.scale, 'node benchmarks/label-scale.mjs --save'],
]) {
  if (existsSync(file)) continue;
  process.stderr.write(`${file}: there are no measured figures; run \`${command}\` on a quiet machine\n`);
  process.exit(2);
}
const label = JSON.parse(readFileSync(flags.label, 'utf8'));
const scale = JSON.parse(readFileSync(flags.scale, 'utf8'));

const number = (value) => value.toLocaleString('en', { maximumFractionDigits: value < 10 ? 1 : 0 });
const bytes = (value) => (value >= 1e9 ? `${number(value / 1e9)} GB` : `${number(value / 1e6)} MB`);
const hours = (value) => (value >= 48 ? `${number(value / 24)} days` : `${number(value)} h`);

/** Images a second that one process can hand out, gathering their shards: its CPU is the limit. */
const handOut = scale.images / scale.handOutCpuSeconds;

/** Images a second of one core among many: one worker's rate, less what a second worker on the same queue loses. */
const perCore = ({ queueOneWorkerPerSecond, queueTwoOfOne }) => queueOneWorkerPerSecond * Math.min(1, queueTwoOfOne / 2);

const kinds = [
  ['face crops (`--faces`)', label.crops],
  // Measured apart: `node benchmarks/label.mjs --crops 0 --save`.
  ...(label.photos ? [[`photographs, ${number(label.photos.facesPerImage)} faces each`, label.photos]] : []),
];
const machines = [1, 10, 100];
const rows = kinds.map(([name, figures]) => {
  const rate = perCore(figures);
  const coreHours = images / rate / 3600;
  const times = machines.map((count) => {
    // The one who hands out can only feed so many.
    const together = Math.min(count * coresPerMachine * rate, handOut);
    return hours(images / together / 3600);
  });
  return `| ${name} | ${number(rate)} | ${number(coreHours)} | ${times.join(' | ')} | ${number(Math.floor(handOut / rate))} |`;
});

const table = `${begin}

For ${number(images)} images, from \`benchmarks/label.json\` (${label.crops.date}, ${label.machine.cpu}, ${label.machine.cores} cores, ${label.model}) and
\`benchmarks/label-scale.json\` (${scale.date}, ${number(scale.images)} images):

| images | a second and core | core-hours | ${machines.map((n) => `${n} ${n === 1 ? 'machine' : 'machines'} of ${coresPerMachine} cores`).join(' | ')} | cores one job can feed |
|---|---|---|${machines.map(() => '---|').join('')}---|
${rows.join('\n')}

| bytes | measured | for ${number(images)} images |
|---|---|---|
| queue, at most | ${bytes(scale.largestQueueBytes)} at ${number(scale.images)} images | ${bytes(scale.largestQueueBytes)}: it does not grow |
| memory of the process that hands out | ${bytes(scale.largestRssBytes)} at ${number(scale.images)} images | ${bytes(scale.largestRssBytes + (2 * 8 * images) / label.crops.chunkSize)}: 16 bytes a chunk more |
| index of paths, on disk | ${number(scale.indexBytes / scale.images)} an image | ${bytes((scale.indexBytes / scale.images) * images)} |
${kinds.map(([name, { outputBytesPerImage }]) => `| labels: ${name} | ${number(outputBytesPerImage)} an image | ${bytes(outputBytesPerImage * images)} |`).join('\n')}

The hand-out takes ${number((1e6 * scale.handOutCpuSeconds) / scale.images)} s of CPU for a million images, so one job passes ${number(handOut)} images a second at most. Beside
recognition alone, ${kinds.map(([name, f]) => `a local pool runs ${name} at ${number(100 * f.poolOfInProcess)} %, two workers on a queue at ${number(f.queueTwoOfOne)} times one`).join('; ')}; a chunk of 256 crops costs ${number(100 * label.crops.overhead)} %.

${end}`;

const page = readFileSync(flags.docs, 'utf8');
const [from, to] = [page.indexOf(begin), page.indexOf(end)];
if (from < 0 || to < from) {
  process.stderr.write(`${flags.docs}: expected the lines ${begin} and ${end}\n`);
  process.exit(2);
}
const written = page.slice(0, from) + table + page.slice(to + end.length);
if (flags.check) process.exitCode = written === page ? 0 : 1;
else writeFileSync(flags.docs, written);
