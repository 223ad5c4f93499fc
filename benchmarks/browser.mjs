// Training in Chromium, for `mien bench engine`: TensorFlow.js, or Mien itself, on the small network both can train.
// Prints one JSON line; {"skipped": …} where there is no Chromium.
//   node benchmarks/browser.mjs --engine tfjs --batch 32 --warmups 2 --counted 9 --threads 2
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, extname, join, normalize } from 'node:path';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';
import { build } from 'vite';

const flag = { type: 'string' };
const { values } = parseArgs({ options: { engine: flag, batch: flag, warmups: flag, counted: flag, threads: flag } });
const [batch, warmups, counted, threads] = ['batch', 'warmups', 'counted', 'threads'].map((name) => Number(values[name]));

const executablePath = process.env.CHROMIUM ?? ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) => existsSync(path));
if (!executablePath) {
  console.log(JSON.stringify({ skipped: 'Chromium was not found: apt-get install chromium, or set CHROMIUM to its path' }));
  process.exit(0);
}

const require = createRequire(import.meta.url);
const folders = {
  ort: dirname(createRequire(require.resolve('@mien/onnx/web')).resolve('onnxruntime-web')),
  tfjs: dirname(require.resolve('@tensorflow/tfjs-backend-wasm')),
};
const types = { '.html': 'text/html', '.js': 'text/javascript', '.mjs': 'text/javascript', '.wasm': 'application/wasm' };

const dir = await mkdtemp(join(tmpdir(), 'mien-bench-'));
await build({
  root: join(import.meta.dirname, 'page'),
  configFile: false,
  logLevel: 'error',
  base: './',
  resolve: {
    alias: [{ find: /^onnxruntime-web$/, replacement: 'onnxruntime-web/wasm' }],
    conditions: ['onnxruntime-web-use-extern-wasm', 'module', 'browser', 'production'],
  },
  worker: { format: 'es' },
  // TensorFlow.js hands the source text of a function to its threads; with shortened names it does not run there.
  build: { outDir: dir, emptyOutDir: true, target: 'es2022', minify: false, modulePreload: { polyfill: false } },
});

function claimCores(cores) {
  Object.defineProperty(Navigator.prototype, 'hardwareConcurrency', { get: () => cores });
}

const server = createServer(async (request, response) => {
  const path = normalize(new URL(request.url, 'http://localhost').pathname);
  const [, folder, ...rest] = path.split('/');
  const file = folders[folder] ? join(folders[folder], ...rest) : join(dir, path === '/' ? 'index.html' : path);
  // Without these two a page gets no shared memory, and WebAssembly no threads.
  response.setHeader('Cross-Origin-Opener-Policy', 'same-origin').setHeader('Cross-Origin-Embedder-Policy', 'require-corp');
  await readFile(file).then(
    (bytes) => response.setHeader('Content-Type', types[extname(file)] ?? 'application/octet-stream').end(bytes),
    () => response.writeHead(404).end(),
  );
});
await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-background-networking'] });
try {
  const page = await browser.newPage();
  page.setDefaultTimeout(0);
  // TensorFlow.js takes half of the cores a browser claims to have, and no more than it is asked for.
  if (values.engine === 'tfjs') await page.addInitScript(claimCores, 2 * threads);
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
  await page.waitForFunction('globalThis.train');
  const result = await page.evaluate((request) => globalThis.train(request), { engine: values.engine, batch, steps: warmups + counted, threads });
  console.log(JSON.stringify({ ...result, steps: result.steps.slice(warmups) }));
} finally {
  await browser.close();
  server.close();
  await rm(dir, { recursive: true });
}
