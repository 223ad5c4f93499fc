// Measures `mien serve` on this machine against the same work done in one process, without HTTP, in batches.
//   node benchmarks/serve.mjs [--seconds 20] [--minutes 0 [--soak crops,photos]] [--only crops|photos] [--json FILE] [--save]
// crops: 48×48 PNG faces with detect=none. photos: whole photographs, faces looked for. Full load comes from autocannon in this
// process, on the same cores: its share of the CPU is printed, since the service could have used it. 70 % load: evenly spaced requests.
// --minutes 30 adds, after all timing, a run at full load that watches memory, of each kind in --soak. --save keeps the figures in benchmarks/. Photographs: MIEN_DATA/photos, or those of an installed package.
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { tensor } from '@mien/onnx';
import { createSession } from '@mien/onnx/node';
import { findExpressions, Preprocessor, readCard, wholeSquare } from '@mien/runtime';
import { createNodeRecogniser, decodeImage, defaultDetector } from '@mien/runtime/node';
import autocannon from 'autocannon';
import sharp from 'sharp';
import { saveFigures } from './figures.mjs';
import { openLoad } from './open-load.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '20' },
    minutes: { type: 'string', default: '0' },
    soak: { type: 'string', default: 'crops,photos' },
    only: { type: 'string' },
    model: { type: 'string', default: join(root, 'models/mien-seresnet.onnx') },
    json: { type: 'string' },
    save: { type: 'boolean', default: false },
  },
});
const seconds = Number(options.seconds);
const minutes = Number(options.minutes);
const cores = availableParallelism();
const note = (text) => process.stderr.write(`${text}\n`);
const batch = 32;

const photoDir = process.env.MIEN_DATA ? join(process.env.MIEN_DATA, 'photos') : join(root, 'node_modules/@vladmandic/face-api/demo');
const photos = readdirSync(photoDir)
  .filter((file) => /\.jpe?g$/i.test(file))
  .map((file) => readFileSync(join(photoDir, file)));
const crops = await Promise.all(
  Array.from({ length: 64 }, (_, i) => {
    const side = 60 + 4 * i;
    return sharp(photos[i % photos.length])
      .extract({ left: 3 * i, top: 2 * i, width: side, height: side })
      .resize(48, 48)
      .greyscale()
      .png()
      .toBuffer();
  }),
);

function cpuSeconds() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** Images a second, and the CPU time of one: the second figure holds on a machine that has other work as well. */
const speed = (images, ms, cpu) => ({ perSecond: (1000 * images) / ms, cpuMsPerImage: (1000 * cpu) / images });

/** CPU time the service has used. */
async function serverCpuSeconds(url) {
  return Number(/^process_cpu_seconds_total (\S+)/m.exec(await (await fetch(`${url}/metrics`)).text())[1]);
}

/** Crops a second through decode, preprocessing and the network, `batch` at a time on all cores; the next batch decodes meanwhile. */
async function cropsInProcess() {
  const model = new Uint8Array(readFileSync(options.model));
  const { preprocessing, output } = readCard(model);
  const session = await createSession(model);
  const preprocessor = new Preprocessor(preprocessing);
  const decode = (from) => Promise.all(Array.from({ length: batch }, (_, i) => decodeImage(crops[(from + i) % crops.length])));
  let done = 0;
  let next = decode(0);
  let began = performance.now();
  let cpuBegan = cpuSeconds();
  for (let warm = true; performance.now() - began < seconds * 1000; ) {
    const images = await next;
    next = decode(done + batch);
    const input = new Float32Array(batch * preprocessor.size);
    for (const [i, image] of images.entries()) preprocessor.write(image, wholeSquare(image), input, i * preprocessor.size);
    await session.run({ [preprocessing.input.name]: tensor.float32(input, [batch, ...preprocessing.input.shape]) }, [output.name]);
    done += batch;
    if (warm && done >= 8 * batch) {
      warm = false;
      done = 0;
      began = performance.now();
      cpuBegan = cpuSeconds();
    }
  }
  const figures = speed(done, performance.now() - began, cpuSeconds() - cpuBegan);
  await next;
  await session.release();
  return figures;
}

/** Photographs a second, one after another on all cores; the next decodes meanwhile. */
async function photosInProcess() {
  const [recogniser, detector] = [await createNodeRecogniser(options.model), await defaultDetector()];
  let done = 0;
  let next = decodeImage(photos[0]);
  for (const _ of photos) await findExpressions(await decodeImage(photos[0]), detector, recogniser);
  const began = performance.now();
  const cpuBegan = cpuSeconds();
  while (performance.now() - began < seconds * 1000) {
    const image = await next;
    next = decodeImage(photos[(done + 1) % photos.length]);
    await findExpressions(image, detector, recogniser);
    done++;
  }
  const figures = speed(done, performance.now() - began, cpuSeconds() - cpuBegan);
  await Promise.all([next, recogniser.release(), detector.release()]);
  return figures;
}

async function startServer() {
  const args = ['serve', '--port', '0', '--rate', '0', '--queue', '64', '--deadline', '60000', '--model', options.model];
  const child = spawn(process.execPath, [join(root, 'packages/cli/bin/mien.js'), ...args], { stdio: ['ignore', 'pipe', 'ignore'] });
  process.once('exit', () => child.kill('SIGKILL'));
  const url = await new Promise((resolve, reject) => {
    child.stdout.once('data', (line) => resolve(String(line).trim()));
    child.once('exit', (code) => reject(new Error(`the service ended with ${code}`)));
  });
  return { child, url };
}

const memoryMb = (pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;

/** As many requests as the service answers, from autocannon. */
async function load(url, { images, detect, connections, duration }) {
  const cpu = cpuSeconds();
  const serverCpu = await serverCpuSeconds(url);
  const result = await autocannon({
    url: `${url}/v1/recognise?detect=${detect}`,
    method: 'POST',
    headers: { 'Content-Type': 'application/octet-stream' },
    requests: images.map((body) => ({ body })),
    connections,
    duration,
    timeout: 60,
  });
  const generatorCores = (cpuSeconds() - cpu) / result.duration;
  return {
    answered: result['2xx'],
    refused: result.statusCodeStats['429']?.count ?? 0,
    other: result.non2xx - (result.statusCodeStats['429']?.count ?? 0),
    errors: result.errors,
    timeouts: result.timeouts,
    perSecond: result['2xx'] / result.duration,
    generatorCores,
    cpuMsPerImage: (1000 * ((await serverCpuSeconds(url)) - serverCpu)) / Math.max(1, result['2xx']),
  };
}

/** Enough that no worker of the service waits for the next request. */
const connectionsOf = (detect) => (detect === 'none' ? 64 : 8);

async function measure(name, images, detect, inProcess) {
  note(`${name}: in one process, ${seconds} s`);
  const alone = await inProcess();
  const { child, url } = await startServer();
  const connections = connectionsOf(detect);
  await load(url, { images, detect, connections, duration: 5 });
  note(`${name}: over HTTP, full load`);
  const full = await load(url, { images, detect, connections, duration: seconds });
  note(`${name}: at 70 % of it`);
  const asked = 0.7 * full.perSecond;
  // Long enough for a 99th percentile: 200 requests at least.
  const part = await openLoad(`${url}/v1/recognise?detect=${detect}`, { bodies: images, perSecond: asked, seconds: Math.max(seconds, 200 / asked) });
  note(`${name}: 1,000 connections`);
  const crowd = await load(url, { images, detect, connections: 1000, duration: Math.min(seconds, 20) });
  await stop(child);
  return {
    inProcess: alone,
    full,
    ofInProcess: full.perSecond / alone.perSecond,
    cpuOfInProcess: alone.cpuMsPerImage / full.cpuMsPerImage,
    at70: { asked, ...part },
    crowd,
  };
}

async function stop(child) {
  child.kill('SIGTERM');
  await new Promise((resolve) => child.once('exit', resolve));
}

/** Resident memory after each minute at full load; `growth` compares the last third with the third after the first. */
async function soak(name, images, detect) {
  const { child, url } = await startServer();
  const minuteOfLoad = () => load(url, { images, detect, connections: connectionsOf(detect), duration: 60 });
  const afterMinuteMb = [];
  let answered = 0;
  for (let minute = 1; minute <= minutes; minute++) {
    answered += (await minuteOfLoad()).answered;
    afterMinuteMb.push(Math.round(memoryMb(child.pid)));
    note(`${name}: ${minute} of ${minutes} minutes at full load, ${afterMinuteMb.at(-1)} MB, ${minutes - minute} min left`);
  }
  await stop(child);
  const mean = (values) => values.reduce((a, b) => a + b, 0) / values.length;
  const third = Math.max(1, Math.floor(minutes / 3));
  return { answered, afterMinuteMb, growth: mean(afterMinuteMb.slice(-third)) / mean(afterMinuteMb.slice(third - 1, 2 * third)) - 1 };
}

const scenarios = {
  crops: { images: crops, detect: 'none', inProcess: cropsInProcess },
  photos: { images: photos, detect: 'faces', inProcess: photosInProcess },
};
const results = {
  date: new Date().toISOString().slice(0, 10),
  machine: { cpu: cpus()[0].model.trim(), cores, node: process.version },
  seconds,
  minutes,
  soak: options.soak,
};
const chosen = Object.entries(scenarios).filter(([name]) => !options.only || options.only === name);
for (const [name, { images, detect, inProcess }] of chosen) results[name] = await measure(name, images, detect, inProcess);
for (const [name, { images, detect }] of minutes > 0 ? chosen : []) {
  if (options.soak.split(',').includes(name)) results[name].memory = await soak(name, images, detect);
}
if (options.save) saveFigures('serve', results);
if (options.json) writeFileSync(options.json, `${JSON.stringify(results, null, 2)}\n`);
const figure = (value) => value.toFixed(value < 10 ? 2 : 0);
for (const name of Object.keys(scenarios)) {
  const r = results[name];
  if (!r) continue;
  console.log(
    `${name}: ${figure(r.inProcess.perSecond)}/s in process, ${figure(r.full.perSecond)}/s over HTTP (${r.ofInProcess.toFixed(2)} of it; the load generator took ${figure(r.full.generatorCores)} cores)`,
  );
  console.log(
    `  CPU an image: ${figure(r.inProcess.cpuMsPerImage)} ms in process, ${figure(r.full.cpuMsPerImage)} ms over HTTP (${r.cpuOfInProcess.toFixed(2)})`,
  );
  console.log(
    `  at ${figure(r.at70.asked)}/s, ${r.at70.requests} requests: median ${figure(r.at70.p50Ms)} ms, p99 ${figure(r.at70.p99Ms)} ms, ${figure(r.at70.p99OverMedian)}× the median of its picture; ${r.at70.refused} refused, ${r.at70.failed} failed`,
  );
  console.log(
    `  1,000 connections: ${r.crowd.answered} answered, ${r.crowd.refused} refused, ${r.crowd.other} other, ${r.crowd.errors} errors, ${r.crowd.timeouts} timeouts`,
  );
  if (r.memory)
    console.log(
      `  ${minutes} minutes at full load: ${r.memory.answered} answered, memory growth ${(100 * r.memory.growth).toFixed(1)} %, ${r.memory.afterMinuteMb.at(-1)} MB`,
    );
}
