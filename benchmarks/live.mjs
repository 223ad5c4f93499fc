// The live runtime in a page, ours and the peers', on the same clip in the same browser: rate, main-thread time, first
// result, script size, memory over many frames, flicker. One command, one run, one table.
//
//   node benchmarks/live.mjs CLIP [--out benchmarks] [--parts mien,sweep,memory,human,face-api,flicker] [--frames 10000] [--seconds 10] [--runs 3] [--threads N]
//
// The clip becomes a film of 640×480 at 60 frames a second (ffmpeg), so that the source is no limit below 60. Ten thousand
// frames take three minutes at 60 a second, nine at 19. `--frames 600 --seconds 2 --runs 1` tries everything out.
// Needs Chromium, ffmpeg, Linux (/proc, for memory), and the built packages (npm run build).
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus, loadavg, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { liveModelName, releasedModelsUrl } from '@mien/released-models';
import { chromium } from 'playwright-core';
import { serveFolders } from '../packages/web/test/serve-folders.mjs';
import { backends, benchPages } from './live/pages.mjs';
import { conditions, markdown, tableRows } from './live/table.mjs';

const allParts = ['mien', 'sweep', 'memory', 'human', 'face-api', 'flicker'];
const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    frames: { type: 'string', default: '10000' },
    seconds: { type: 'string', default: '10' },
    runs: { type: 'string', default: '3' },
    threads: { type: 'string', default: '0' },
    parts: { type: 'string', default: allParts.join(',') },
    out: { type: 'string' },
  },
});
const [clip] = positionals;
const parts = flags.parts.split(',');
const unknown = parts.find((part) => !allParts.includes(part));
if (!clip || !existsSync(clip) || unknown) {
  console.error(`usage: node benchmarks/live.mjs CLIP [--out DIR] [--parts ${allParts.join(',')}] [--frames 10000] [--seconds 10] [--runs 3] [--threads N]`);
  process.exit(2);
}
const [seconds, runs, frames] = [flags.seconds, flags.runs, flags.frames].map(Number);
const note = (text) => process.stderr.write(`${text}\n`);

const require = createRequire(import.meta.url);
const packageDir = (name) => {
  const file = require.resolve(name);
  const folder = join('node_modules', name);
  return file.slice(0, file.lastIndexOf(folder) + folder.length);
};
const bundle = fileURLToPath(new URL('../packages/web/dist/bundle', import.meta.url));
if (!existsSync(join(bundle, 'mien.js'))) throw new Error(`${bundle}: there is no mien.js; run \`npm run build\``);
const loadBefore = loadavg()[0];
const dir = mkdtempSync(join(tmpdir(), 'mien-bench-live-'));
const filter = 'scale=640:480:force_original_aspect_ratio=decrease,pad=640:480:(ow-iw)/2:(oh-ih)/2,fps=60';
const encode = ['-c:v', 'libx264', '-preset', 'ultrafast', '-crf', '20', '-pix_fmt', 'yuv420p'];
execFileSync('ffmpeg', ['-v', 'error', '-y', '-i', clip, '-an', '-vf', filter, ...encode, join(dir, 'film.mp4')]);

const folders = {
  mien: bundle,
  models: fileURLToPath(releasedModelsUrl),
  files: dir,
  human: packageDir('@vladmandic/human'),
  'face-api': packageDir('@vladmandic/face-api'),
  'tfjs-wasm': join(packageDir('@tensorflow/tfjs-backend-wasm'), 'dist'),
};
const server = await serveFolders(folders, benchPages(liveModelName));
const executablePath = process.env.CHROMIUM ?? ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
const args = ['--no-sandbox', '--autoplay-policy=no-user-gesture-required'];
const browser = await chromium.launch({ executablePath, args });
const longestWaitMs = 1_800_000;

const quantile = (values, q) => [...values].sort((a, b) => a - b)[Math.floor(q * (values.length - 1))];
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Opens a page and waits for `condition`. Tells why when it fails. */
async function open(context, path, condition = 'window.frames > 5') {
  const opened = await context.newPage();
  opened.on('pageerror', (error) => note(`${path}: ${error.message}`));
  await opened.goto(`${server.url}${path}`);
  await opened.waitForFunction(`window.failure || (${condition})`, undefined, { timeout: longestWaitMs });
  const failure = await opened.evaluate('window.failure');
  if (failure) throw new Error(`${path}: ${failure}`);
  return opened;
}

/** Frames a second, the median of some runs. */
async function rate(opened) {
  const rates = [];
  for (let i = 0; i < runs; i++) {
    const [from, began] = await opened.evaluate('[window.frames, performance.now()]');
    await sleep(1000 * seconds);
    const [to, ended] = await opened.evaluate('[window.frames, performance.now()]');
    rates.push((1000 * (to - from)) / (ended - began));
  }
  return quantile(rates, 0.5);
}

/** Resident memory of the largest page process, after collecting garbage: the least of five looks, as codecs come and go. */
async function rendererBytes(opened) {
  const page = await opened.context().newCDPSession(opened);
  const whole = await browser.newBrowserCDPSession();
  const looks = [];
  for (let i = 0; i < 5; i++) {
    await page.send('HeapProfiler.collectGarbage');
    await sleep(400);
    const { processInfo } = await whole.send('SystemInfo.getProcessInfo');
    looks.push(Math.max(...processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => residentBytes(id))));
  }
  return Math.min(...looks);
}

function residentBytes(id) {
  return 1024 * Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${id}/status`, 'utf8'))?.[1]);
}

/** Loads of the page in one profile on disk, as a returning visitor has it: files and compiled code are cached by the first two. */
async function firstResults() {
  const context = await chromium.launchPersistentContext(join(dir, 'profile'), { executablePath, args });
  const loads = [];
  try {
    for (let i = 0; i < runs + 2; i++) {
      const opened = await open(context, `/mien?threads=${flags.threads}`, 'window.firstMs');
      if (i >= 2) loads.push(await opened.evaluate('({ firstMs, openMs })'));
      // Compiled code is written a while after it was compiled.
      else await sleep(3000);
      await opened.close();
    }
  } finally {
    await context.close();
  }
  return { firstResultMs: quantile(loads.map(({ firstMs }) => firstMs), 0.5), openMs: quantile(loads.map(({ openMs }) => openMs), 0.5), loads: runs }; // biome-ignore format: one line
}

async function benchMien() {
  note('first results');
  const first = await firstResults();
  const context = await browser.newContext();
  const opened = await open(context, `/mien?threads=${flags.threads}`);
  note('rate');
  const framesPerSecond = await rate(opened);
  const { mainMs, latency, work, device, threads, found, frames: seen } = await opened.evaluate('({ mainMs, latency, work, device, threads, found, frames })');
  const scripts = Object.fromEntries(['mien.js', 'mien-worker.js'].map((name) => [name, gzipSync(readFileSync(join(bundle, name)), { level: 9 }).length]));
  const measured = {
    framesPerSecond,
    facesPerFrame: found / seen,
    mainThreadP95Ms: quantile(mainMs, 0.95),
    latencyP50Ms: quantile(latency, 0.5),
    workP50Ms: quantile(work, 0.5),
    ...first,
    scripts,
    javascriptGzipBytes: Object.values(scripts).reduce((a, b) => a + b),
    device,
    threads,
    ...(parts.includes('memory') ? { memory: await memoryOver(opened) } : {}),
  };
  await context.close();
  return measured;
}

async function memoryOver(opened) {
  const at = async (count) => {
    await opened.waitForFunction((n) => window.frames >= n, count, { timeout: longestWaitMs, polling: 250 });
    return rendererBytes(opened);
  };
  note(`memory over ${frames} frames`);
  const began = performance.now();
  // Where only few frames are looked at, to try things out, warming up is shorter as well.
  const warm = Math.min(500, Math.ceil(frames / 10));
  const atWarm = await at(warm);
  const atEnd = await at(frames);
  return { warm, atWarm, frames, atEnd, growth: atEnd / atWarm - 1, seconds: (performance.now() - began) / 1000 };
}

/** The rate with every number of threads up to the cores. */
async function sweepThreads() {
  const rows = [];
  for (let threads = 1; threads <= Math.min(4, cpus().length); threads++) {
    note(`rate with ${threads} threads`);
    const context = await browser.newContext();
    const opened = await open(context, `/mien?threads=${threads}`);
    rows.push({ threads, framesPerSecond: await rate(opened) });
    await context.close();
  }
  return rows;
}

async function benchPeer(name) {
  const tried = [];
  for (const backend of backends) {
    note(`${name} on ${backend}`);
    const context = await browser.newContext();
    try {
      const opened = await open(context, `/${name}-${backend}`);
      const framesPerSecond = await rate(opened);
      const { backend: used, found, frames: seen } = await opened.evaluate('({ backend, found, frames })');
      tried.push({ backend: used, framesPerSecond, facesPerFrame: found / seen });
    } catch (error) {
      note(`${name} on ${backend}: ${error.message.split('\n')[0]}`);
    } finally {
      await context.close();
    }
  }
  if (tried.length === 0) throw new Error(`${name} ran on none of ${backends.join(', ')}`);
  return tried.sort((a, b) => b.framesPerSecond - a.framesPerSecond)[0];
}

function benchFlicker() {
  note('flicker');
  const mien = fileURLToPath(new URL('../packages/cli/bin/mien.js', import.meta.url));
  return JSON.parse(
    execFileSync('node', [mien, 'bench', 'flicker', clip, '--model', liveModelName, '--json'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }),
  );
}

try {
  const result = {
    date: new Date().toISOString().slice(0, 10),
    machine: `${cpus()[0]?.model}, ${cpus().length} cores, ${process.platform} ${process.arch}`,
    chromium: browser.version(),
    node: process.version,
    clip: basename(clip),
    loadBefore,
    model: liveModelName,
    peers: {},
  };
  if (parts.includes('mien')) result.mien = await benchMien();
  if (parts.includes('sweep')) result.sweep = await sweepThreads();
  for (const name of ['human', 'face-api']) {
    if (!parts.includes(name)) continue;
    const measured = await benchPeer(name);
    result.peers[name] = { ...measured, ...(result.mien ? { ours: result.mien.framesPerSecond / measured.framesPerSecond } : {}) };
  }
  if (parts.includes('flicker')) {
    const { file: _file, ...flicker } = benchFlicker();
    result.flicker = flicker;
  }
  console.log(conditions(result));
  for (const { measure, shown, must, aim, how } of tableRows(result)) console.log(`${measure}: ${shown}${must ? ` (must ${must}, aim ${aim})` : ''}; ${how}`);
  if (flags.out) {
    writeFileSync(join(flags.out, 'live.json'), `${JSON.stringify(result, null, 2)}\n`);
    writeFileSync(join(flags.out, 'live.md'), markdown(result));
  }
} finally {
  await browser.close();
  await server.close();
  rmSync(dir, { recursive: true, force: true });
}
