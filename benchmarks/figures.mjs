/**
 * Keeps what the benchmarks of the service and of labelling measured: each as `benchmarks/NAME.json`, all of them together as
 * the tables of `benchmarks/service-and-scale.md`, every figure beside its bar. `--save` of each benchmark comes here; alone,
 *
 *   node benchmarks/figures.mjs [--check]
 *
 * writes the page anew from what there is; --check writes nothing and ends with status 1 where it is not what the figures give.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const dir = fileURLToPath(new URL('.', import.meta.url));
const page = join(dir, 'service-and-scale.md');

const number = (value, digits = value < 10 ? 2 : value < 100 ? 1 : 0) => value.toLocaleString('en', { maximumFractionDigits: digits });
const percent = (value) => `${number(100 * value, 1)} %`;
const megabytes = (bytes) => `${number(bytes / 1e6, 1)} MB`;
const met = (isMet) => (isMet ? 'met' : '**missed**');

function table(head, rows) {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

const headings = ['what', 'measured', 'bar', ''];

/** A section a benchmark: its heading and rows of [what, measured, bar, whether it is met]. */
const sections = {
  serve: (r) => ({
    title: 'The service',
    command: `node benchmarks/serve.mjs --seconds ${r.seconds} --minutes ${r.minutes} --soak ${r.soak} --save`,
    machine: `${r.machine.cpu}, ${r.machine.cores} cores, Node ${r.machine.node}`,
    rows: ['crops', 'photos'].flatMap((kind) => (r[kind] ? serveRows(kind, r[kind], r.minutes) : [])),
    remark: 'The load comes from the same cores: what it takes of them the service could have used, so CPU an image is compared as well.',
  }),
  label: (r) => ({
    title: 'Labelling beside recognition',
    command: [...new Set(['crops', 'photos'].flatMap((kind) => (r[kind] ? `${r[kind].command} --save` : [])))].join('` and `'),
    date: r.crops?.date ?? r.photos?.date,
    machine: `${r.machine.cpu}, ${r.machine.cores} cores, ${r.model}`,
    rows: ['crops', 'photos'].flatMap((kind) => {
      const f = r[kind];
      if (!f) return [];
      return [
        [
          `${kind}: local pool ÷ recognition in one process`,
          `${number(f.poolPerSecond)} ÷ ${number(f.inProcessPerSecond)} a second = ${number(f.poolOfInProcess)}`,
          '≥ 0.9',
          met(f.poolOfInProcess >= 0.9),
        ],
        [
          `${kind}: two one-thread workers over Redis ÷ one`,
          `${number(f.queueTwoWorkersPerSecond)} ÷ ${number(f.queueOneWorkerPerSecond)} a second = ${number(f.queueTwoOfOne)}`,
          '≥ 1.6',
          met(f.queueTwoOfOne >= 1.6),
        ],
        [
          `${kind}: overhead of one worker at chunk size ${f.chunkSize}`,
          percent(f.overhead),
          f.chunkSize === 256 ? '≤ 3 %' : '–',
          f.chunkSize === 256 ? met(f.overhead <= 0.03) : '',
        ],
      ];
    }),
  }),
  'label-chaos': (r) => ({
    title: 'Labelling while everything fails',
    command: `node benchmarks/label-chaos.mjs --images ${r.images} --workers ${r.workers} --save`,
    machine: `${r.machine.cpu}, ${r.machine.cores} cores`,
    rows: [
      [
        'images, each exactly once with its own result',
        `${number(r.images)} (${number(r.damaged)} of them damaged, set aside)`,
        'all',
        met(r.problems.length === 0),
      ],
      ['workers killed (kill -9)', number(r.workersKilled), 'every few seconds', ''],
      ['process that hands out killed', number(r.labelKilled), '–', ''],
      ['Redis killed, came back empty', number(r.redisRestarted), '1', met(r.redisRestarted >= 1)],
      ['disk full', r.diskFilled, '1', met(/^once/.test(r.diskFilled))],
      ['time', `${number(r.seconds / 60)} min`, '–', ''],
    ],
  }),
  'label-scale': (r) => ({
    title: 'Ten million items through a queue, by a recogniser that does nothing',
    command: `${r.command} --save`,
    machine: `${r.machine.cpu}, ${r.machine.cores} cores`,
    rows: [
      ['images', number(r.images), '10,000,000', met(r.images >= 1e7)],
      [
        'rate in the second and in the ninth tenth',
        `${number(r.second.perSecond)} and ${number(r.ninth.perSecond)} a second`,
        'at most a fifth slower',
        met(r.ninth.perSecond >= 0.8 * r.second.perSecond),
      ],
      [
        'memory of the queue, the same',
        `${megabytes(r.second.queueBytes)} and ${megabytes(r.ninth.queueBytes)}; at most ${megabytes(r.largestQueueBytes)}`,
        'flat',
        met(r.ninth.queueBytes <= 1.2 * r.second.queueBytes + 200_000),
      ],
      [
        'memory of the process that hands out',
        `${megabytes(r.second.rssBytes)} and ${megabytes(r.ninth.rssBytes)}`,
        'flat',
        met(r.ninth.rssBytes <= 1.2 * r.second.rssBytes + 50e6),
      ],
      ['CPU of the hand-out', `${number(r.handOutCpuSeconds)} s`, '–', ''],
      ['time', `${number(r.seconds / 60)} min`, '–', met(r.problems.length === 0)],
    ],
  }),
};

function serveRows(kind, r, minutes) {
  const { crowd, memory, at70 } = r;
  return [
    [
      `${kind}: throughput ÷ batches in one process`,
      `${number(r.full.perSecond)} ÷ ${number(r.inProcess.perSecond)} a second = ${number(r.ofInProcess)} (CPU an image: ${number(r.cpuOfInProcess)}; the load generator took ${number(r.full.generatorCores)} cores)`,
      '≥ 0.8',
      met(r.ofInProcess >= 0.8),
    ],
    [
      `${kind}: p99 ÷ median of the same picture, at 70 % load`,
      `${number(at70.p99OverMedian)} (all pictures: p99 ${number(at70.p99Ms)}, median ${number(at70.p50Ms)} ms; ${number(at70.requests)} requests, ${number(at70.refused)} refused)`,
      '< 3',
      met(at70.p99OverMedian < 3 && at70.refused + at70.failed === 0),
    ],
    [
      `${kind}: 1,000 connections at once`,
      `${number(crowd.answered)} answered, ${number(crowd.refused)} refused (429), ${number(crowd.other)} other answers, ${number(crowd.errors)} errors, ${number(crowd.timeouts)} time-outs`,
      'answered or refused',
      met(crowd.other + crowd.errors + crowd.timeouts === 0),
    ],
    ...(memory
      ? [
          [
            `${kind}: memory over ${minutes} minutes at full load`,
            `${number(memory.answered)} answered; ${memory.afterMinuteMb[0]} MB after the first minute, ${memory.afterMinuteMb.at(-1)} MB at the end; last third against the middle one ${percent(memory.growth)}`,
            '30 minutes, flat (≤ 5 %)',
            met(minutes >= 30 && memory.growth <= 0.05),
          ],
        ]
      : []),
  ];
}

/** The page, of the figures in `from`. */
export function formatFigures(from = dir) {
  const parts = Object.entries(sections).map(([name, describe]) => {
    const file = join(from, `${name}.json`);
    if (!existsSync(file)) return `## ${name}\n\nNot measured yet: \`node benchmarks/${name}.mjs --save\` on a quiet machine.`;
    const figures = JSON.parse(readFileSync(file, 'utf8'));
    const { title, command, date = figures.date, machine, rows, remark } = describe(figures);
    // `remark` in the file itself is written by hand: under which conditions it was measured.
    const remarks = [remark, figures.remark].filter(Boolean);
    return [`## ${title}`, `\`${command}\`, ${date}, ${machine}.`, table(headings, rows), ...remarks].join('\n\n');
  });
  return `# Service and scale, measured\n\nWritten by \`benchmarks/figures.mjs\` from the JSON beside it; every figure with its bar.\n\n${parts.join('\n\n')}\n`;
}

/** What was kept of a benchmark; undefined where nothing was. */
export function savedFigures(name) {
  const file = join(dir, `${name}.json`);
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
}

/** Keeps one benchmark's result and writes the page anew. */
export function saveFigures(name, result) {
  writeFileSync(join(dir, `${name}.json`), `${JSON.stringify(result, null, 2)}\n`);
  writeFileSync(page, formatFigures());
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const text = formatFigures();
  if (process.argv.includes('--check')) process.exitCode = existsSync(page) && readFileSync(page, 'utf8') === text ? 0 : 1;
  else writeFileSync(page, text);
}
