// The live rate in a page, ours and the peers', on the same clip in the same browser.
//
//   node benchmarks/live.mjs CLIP [--frames 10000] [--seconds 10] [--runs 3] [--threads N] [--json FILE] [--only mien,human,face-api]
//
// The clip becomes a film of 640×480 at 60 frames a second (ffmpeg), so that the source is no limit below 60. Ours runs
// as any page would use it; the peers run detector and expression on every frame, on the fastest of their backends.
// Needs Chromium, ffmpeg, and the built packages (npm run build; npx vite build in packages/web).
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { chromium } from 'playwright-core';
import { defaultModelName, releasedModelsUrl } from '@mien/released-models';
import { serveFolders } from '../packages/web/test/serve-folders.mjs';

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    frames: { type: 'string', default: '10000' },
    seconds: { type: 'string', default: '10' },
    runs: { type: 'string', default: '3' },
    threads: { type: 'string', default: '0' },
    only: { type: 'string', default: 'mien,human,face-api' },
    json: { type: 'string' },
  },
});
const [clip] = positionals;
if (!clip || !existsSync(clip))
  throw new Error('usage: node benchmarks/live.mjs CLIP [--frames 10000] [--seconds 10] [--runs 3] [--threads N] [--json FILE] [--only mien,human,face-api]');
const wanted = flags.only.split(',');
const seconds = Number(flags.seconds);
const runs = Number(flags.runs);

const require = createRequire(import.meta.url);
const packageDir = (name) => {
  const file = require.resolve(name);
  const folder = join('node_modules', name);
  return file.slice(0, file.lastIndexOf(folder) + folder.length);
};
const bundle = fileURLToPath(new URL('../packages/web/dist/bundle', import.meta.url));
if (!existsSync(join(bundle, 'mien.js'))) throw new Error(`${bundle}: there is no mien.js; run \`npx vite build\` in packages/web`);
const dir = mkdtempSync(join(tmpdir(), 'mien-bench-live-'));
const filter = 'scale=640:480:force_original_aspect_ratio=decrease,pad=640:480:(ow-iw)/2:(oh-ih)/2,fps=60';
const encode = ['-c:v', 'libx264', '-preset', 'ultrafast', '-crf', '20', '-pix_fmt', 'yuv420p'];
execFileSync('ffmpeg', ['-v', 'error', '-y', '-i', clip, '-an', '-vf', filter, ...encode, join(dir, 'film.mp4')]);

const page = `<!doctype html><meta charset="utf-8"><title>bench</title><video id="film" src="/files/film.mp4" muted loop playsinline width="640" height="480"></video>`;
/** Times the synchronous work of ours on the main thread: the callbacks that take a frame and that bring its faces. */
const timers = `window.mainMs = [];
const request = HTMLVideoElement.prototype.requestVideoFrameCallback;
let taking = 0;
HTMLVideoElement.prototype.requestVideoFrameCallback = function (callback) { return request.call(this, (...args) => { const t = performance.now(); callback(...args); taking += performance.now() - t; }); };
const listen = Worker.prototype.addEventListener;
Worker.prototype.addEventListener = function (type, callback, ...rest) { return listen.call(this, type, type === 'message' ? (event) => { const t = performance.now(); callback(event); if (event.data.kind === 'faces') { window.mainMs.push(performance.now() - t + taking); taking = 0; } } : callback, ...rest); };`;
const ours = `${page}<script type="module">${timers}
const { openMien } = await import('/mien/mien.js');
window.frames = 0; window.latency = []; window.work = [];
window.addEventListener('unhandledrejection', ({ reason }) => { window.failure = String(reason); });
const film = document.getElementById('film');
await film.play().catch((error) => { window.failure = String(error); throw error; });
const mien = await openMien({ model: '/models/${defaultModelName}.onnx', threads: ${Number(flags.threads)} });
window.device = mien.device; window.threads = mien.threads;
mien.watch(film, { onFaces: (faces, frame) => { window.frames++; window.latency.push(frame.latencyMs); window.work.push(frame.workMs); if (faces.length && !window.firstMs) window.firstMs = performance.now(); } });
</script>`;
const peer = (body) => `${page}<script type="module">
window.frames = 0; window.found = 0; const film = document.getElementById('film'); await film.play();
try { ${body} } catch (error) { window.failure = String(error.stack ?? error); }
</script>`;
const human = (backend) =>
  peer(`const { default: Human } = await import('/human/dist/human.esm.js');
const human = new Human({ backend: '${backend}', wasmPath: '/tfjs-wasm/', modelBasePath: '/human/models/', cacheSensitivity: 0, filter: { enabled: false }, gesture: { enabled: false }, body: { enabled: false }, hand: { enabled: false }, object: { enabled: false }, segmentation: { enabled: false },
  face: { enabled: true, detector: { rotation: false, maxDetected: 10, skipFrames: 0, skipTime: 0 }, mesh: { enabled: false }, iris: { enabled: false }, description: { enabled: false }, emotion: { enabled: true, skipFrames: 0, skipTime: 0 } } });
await human.load();
for (;;) { const result = await human.detect(film); window.frames++; window.found += result.face.filter((face) => face.emotion?.length).length; window.backend = human.tf.getBackend(); await new Promise((resolve) => setTimeout(resolve)); }`);
const faceApi = (backend) =>
  peer(`const faceapi = await import('/face-api/dist/face-api.esm.js');
if ('${backend}' === 'wasm') faceapi.tf.setWasmPaths?.('/tfjs-wasm/');
await faceapi.tf.setBackend('${backend}'); await faceapi.tf.ready(); window.backend = faceapi.tf.getBackend();
await Promise.all([faceapi.nets.tinyFaceDetector.loadFromUri('/face-api/model/'), faceapi.nets.faceExpressionNet.loadFromUri('/face-api/model/')]);
const options = new faceapi.TinyFaceDetectorOptions({ inputSize: 416 });
for (;;) { const result = await faceapi.detectAllFaces(film, options).withFaceExpressions(); window.frames++; window.found += result.length; await new Promise((resolve) => setTimeout(resolve)); }`);
const backends = ['wasm', 'webgl'];
const pages = { '/mien': ours };
for (const backend of backends) Object.assign(pages, { [`/human-${backend}`]: human(backend), [`/face-api-${backend}`]: faceApi(backend) });
const folders = {
  mien: bundle,
  models: fileURLToPath(releasedModelsUrl),
  files: dir,
  human: packageDir('@vladmandic/human'),
  'face-api': packageDir('@vladmandic/face-api'),
  'tfjs-wasm': join(packageDir('@tensorflow/tfjs-backend-wasm'), 'dist'),
};

const quantile = (values, q) => [...values].sort((a, b) => a - b)[Math.floor(q * (values.length - 1))];
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const server = await serveFolders(folders, pages);
const executablePath = process.env.CHROMIUM ?? ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
const browser = await chromium.launch({
  executablePath,
  args: ['--no-sandbox', '--autoplay-policy=no-user-gesture-required'],
});
const result = { machine: `${cpus()[0]?.model}, ${cpus().length} cores`, chromium: browser.version(), clip, peers: {} };

/** Opens a page and waits for its frame counter. Tells why when it does not count. */
async function open(context, path) {
  const opened = await context.newPage();
  await opened.goto(`${server.url}${path}`);
  await opened.waitForFunction('window.failure || window.frames > 5', undefined, { timeout: 180_000 });
  const failure = await opened.evaluate('window.failure');
  if (failure) throw new Error(`${path}: ${failure}`);
  return opened;
}

/** Frames a second over `seconds`. */
async function rate(opened) {
  const [from, began] = await opened.evaluate('[window.frames, performance.now()]');
  await sleep(1000 * seconds);
  const [to, ended] = await opened.evaluate('[window.frames, performance.now()]');
  return (1000 * (to - from)) / (ended - began);
}

/** Memory of the page's process (its worker and WebAssembly included), after collecting garbage: the least of five looks, as codecs come and go. */
async function rendererBytes(opened) {
  const page = await opened.context().newCDPSession(opened);
  const browserSession = await browser.newBrowserCDPSession();
  const looks = [];
  for (let i = 0; i < 5; i++) {
    await page.send('HeapProfiler.collectGarbage');
    await sleep(400);
    const { processInfo } = await browserSession.send('SystemInfo.getProcessInfo');
    const renderers = processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => residentBytes(id));
    looks.push(Math.max(...renderers));
  }
  return Math.min(...looks);
}

/** Of a process, its own and shared pages (Linux). */
function residentBytes(id) {
  return 1024 * Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${id}/status`, 'utf8'))?.[1]);
}

async function benchMien() {
  const context = await browser.newContext();
  const firsts = [];
  for (let i = 0; i <= runs; i++) {
    const opened = await context.newPage();
    opened.on('pageerror', (error) => console.error(`/mien: ${error.message}`));
    await opened.goto(`${server.url}/mien`);
    await opened.waitForFunction('window.firstMs || window.failure', undefined, { timeout: 120_000 });
    const failure = await opened.evaluate('window.failure');
    if (failure) throw new Error(`/mien: ${failure}`);
    // The first load fills the caches.
    if (i > 0) firsts.push(await opened.evaluate('window.firstMs'));
    await opened.close();
  }
  const opened = await open(context, '/mien');
  const rates = [];
  for (let i = 0; i < runs; i++) rates.push(await rate(opened));
  const { mainMs, latency, work, device, threads } = await opened.evaluate('({ mainMs, latency, work, device, threads })');
  const measure = async (frames) => {
    await opened.waitForFunction((n) => window.frames >= n, frames, { timeout: 3_600_000 });
    return rendererBytes(opened);
  };
  const at500 = await measure(500);
  const frames = Number(flags.frames);
  const atEnd = await measure(frames);
  await context.close();
  const bytes = ['mien.js', ...readdirSync(bundle).filter((name) => name === 'mien-worker.js')].map(
    (name) => gzipSync(readFileSync(join(bundle, name)), { level: 9 }).length,
  );
  return {
    framesPerSecond: quantile(rates, 0.5),
    mainThreadP95Ms: quantile(mainMs, 0.95),
    latencyP50Ms: quantile(latency, 0.5),
    workP50Ms: quantile(work, 0.5),
    firstResultMs: quantile(firsts, 0.5),
    javascriptGzipBytes: bytes.reduce((a, b) => a + b),
    memory: { at500, frames, atEnd, growth: atEnd / at500 - 1 },
    device,
    threads,
  };
}

async function benchPeer(name) {
  const tried = [];
  for (const backend of backends) {
    const context = await browser.newContext();
    try {
      const opened = await open(context, `/${name}-${backend}`);
      const rates = [];
      for (let i = 0; i < runs; i++) rates.push(await rate(opened));
      const { backend: used, found, frames } = await opened.evaluate('({ backend, found, frames })');
      tried.push({ backend: used, framesPerSecond: quantile(rates, 0.5), facesPerFrame: found / frames });
    } catch (error) {
      console.error(`${name} on ${backend}: ${error.message.split('\n')[0]}`);
    } finally {
      await context.close();
    }
  }
  if (tried.length === 0) throw new Error(`${name} ran on none of ${backends.join(', ')}`);
  return tried.sort((a, b) => b.framesPerSecond - a.framesPerSecond)[0];
}

try {
  if (wanted.includes('mien')) {
    result.mien = await benchMien();
    const m = result.mien;
    console.log(
      `mien       ${m.framesPerSecond.toFixed(1)} frames/s (${m.device}, ${m.threads} threads), ${m.workP50Ms.toFixed(1)} ms in the worker, latency ${m.latencyP50Ms.toFixed(0)} ms`,
    );
    console.log(
      `           main thread p95 ${m.mainThreadP95Ms.toFixed(2)} ms a frame, first result ${m.firstResultMs.toFixed(0)} ms, script ${(m.javascriptGzipBytes / 1000).toFixed(1)} kB gzip`,
    );
    console.log(
      `           memory ${(m.memory.at500 / 1e6).toFixed(1)} MB after 500 frames, ${(m.memory.atEnd / 1e6).toFixed(1)} MB after ${m.memory.frames}: ${(100 * m.memory.growth).toFixed(1)} %`,
    );
  }
  for (const name of ['human', 'face-api']) {
    if (!wanted.includes(name)) continue;
    const measured = await benchPeer(name);
    result.peers[name] = { ...measured, ours: result.mien ? result.mien.framesPerSecond / measured.framesPerSecond : undefined };
    console.log(
      `${name.padEnd(10)} ${measured.framesPerSecond.toFixed(1)} frames/s (${measured.backend}), ${measured.facesPerFrame.toFixed(2)} faces a frame${result.mien ? `; ours ÷ theirs ${(result.mien.framesPerSecond / measured.framesPerSecond).toFixed(1)}` : ''}`,
    );
  }
  if (flags.json) writeFileSync(flags.json, `${JSON.stringify(result, null, 2)}\n`);
} finally {
  await browser.close();
  await server.close();
  rmSync(dir, { recursive: true, force: true });
}
