// Sends thousands of damaged images to a running service: every one must be answered, none with a 500, and nothing may leak.
//   node tests/fuzz/serve.mjs [--count 10000] [--seed 1] [--at-once 16] [--detect 0.05] [--images DIR]
// Images: those of DIR, of MIEN_DATA/photos, or of an installed package; each in five formats. The same seed sends the same bytes.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import sharp from 'sharp';

const root = fileURLToPath(new URL('../..', import.meta.url));
const { values: options } = parseArgs({
  options: {
    count: { type: 'string', default: '10000' },
    seed: { type: 'string', default: '1' },
    'at-once': { type: 'string', default: '16' },
    detect: { type: 'string', default: '0.05' },
    images: { type: 'string' },
  },
});
const count = Number(options.count);
const shareDetected = Number(options.detect);

/** mulberry32: [0, 1) from a seed, for item i: what is sent does not depend on the order of answers. */
function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
const below = (next, n) => Math.floor(next() * n);

const mutations = {
  flipBits(bytes, next) {
    for (let k = 1 + below(next, 20); k > 0; k--) bytes[below(next, bytes.length)] ^= 1 << below(next, 8);
    return bytes;
  },
  flipHeader(bytes, next) {
    for (let k = 1 + below(next, 6); k > 0; k--) bytes[below(next, Math.min(200, bytes.length))] = below(next, 256);
    return bytes;
  },
  extremeNumber(bytes, next) {
    const values = [0, 1, 0x7fffffff, 0x80000000, 0xffffffff, 50_000, 0xffff];
    const at = below(next, Math.min(400, bytes.length - 3));
    if (next() < 0.5) bytes.writeUInt32BE(values[below(next, values.length)], at);
    else bytes.writeUInt32LE(values[below(next, values.length)], at);
    return bytes;
  },
  truncate: (bytes, next) => bytes.subarray(0, below(next, bytes.length)),
  overwrite(bytes, next) {
    const at = below(next, bytes.length);
    return bytes.fill(next() < 0.5 ? 0 : 0xff, at, Math.min(bytes.length, at + below(next, 500)));
  },
  remove(bytes, next) {
    const at = below(next, bytes.length);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + below(next, 300))]);
  },
  repeat(bytes, next) {
    const at = below(next, bytes.length);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(Math.max(0, at - below(next, 600)), at), bytes.subarray(at)]);
  },
  splice(bytes, next, other) {
    return Buffer.concat([bytes.subarray(0, below(next, bytes.length)), other.subarray(below(next, other.length))]);
  },
  noise(_bytes, next) {
    return Buffer.from(Uint8Array.from({ length: below(next, 2000) }, () => below(next, 256)));
  },
};

async function originals() {
  const dir = options.images ?? (process.env.MIEN_DATA ? join(process.env.MIEN_DATA, 'photos') : join(root, 'node_modules/@vladmandic/face-api/demo'));
  const files = readdirSync(dir).filter((file) => /\.(jpe?g|png)$/i.test(file));
  if (files.length === 0) throw new Error(`${dir}: expected .jpg or .png images, found none`);
  const made = [];
  for (const file of files.slice(0, 6)) {
    const small = sharp(join(dir, file)).resize({ width: 160 });
    made.push(
      await small.clone().jpeg().toBuffer(),
      await small
        .clone()
        .jpeg({ progressive: true })
        .withExif({ IFD0: { Copyright: 'fuzz' } })
        .toBuffer(),
      await small.clone().png().toBuffer(),
      await small.clone().png({ palette: true, progressive: true }).toBuffer(),
      await small.clone().webp().toBuffer(),
      await small.clone().webp({ lossless: true }).toBuffer(),
      await small.clone().gif().toBuffer(),
      await small.clone().avif({ effort: 0 }).toBuffer(),
    );
  }
  return made;
}

function mutated(i, images) {
  const next = random(Number(options.seed) * 1_000_003 + i);
  const names = Object.keys(mutations);
  const name = names[below(next, names.length)];
  const image = images[below(next, images.length)];
  const other = images[below(next, images.length)];
  let bytes = mutations[name](Buffer.from(image), next, other);
  // Damage upon damage, where enough is left to damage.
  if (next() < 0.3 && bytes.length > 100) bytes = mutations[names[below(next, names.length)]](Buffer.from(bytes), next, other);
  return { name, bytes, detect: next() < shareDetected ? 'faces' : 'none', multipart: next() < 0.2 };
}

function startServer() {
  const child = spawn(process.execPath, [join(root, 'packages/cli/bin/mien.js'), 'serve', '--port', '0', '--rate', '0', '--deadline', '60000'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  child.stderr.on('data', (chunk) => {
    log = (log + chunk).slice(-20_000);
  });
  return new Promise((resolve, reject) => {
    child.stdout.once('data', (line) => resolve({ child, url: String(line).trim(), log: () => log }));
    child.once('exit', (code) => reject(new Error(`the service ended with ${code} before it listened:\n${log}`)));
  });
}

/** Resident memory of the service, in MB. */
function memoryMb(pid) {
  if (!existsSync(`/proc/${pid}/status`)) return Number.NaN;
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;
}

const allowed = new Set([200, 400, 413, 415, 422]);
const failedDir = mkdtempSync(join(tmpdir(), 'mien-fuzz-'));
const images = await originals();
const { child, url, log } = await startServer();
process.once('exit', () => child.kill('SIGKILL'));
const statuses = {};
const failures = [];
const memory = [];
const ask = (bytes, detect, multipart) => {
  const form = new FormData();
  form.append('image', new Blob([bytes]), '../../etc/passwd\0.png');
  return fetch(`${url}/v1/recognise?detect=${detect}`, { method: 'POST', body: multipart ? form : bytes });
};

const known = await (await ask(images[0], 'faces', false)).text();
const began = performance.now();
let sent = 0;
async function sender() {
  while (sent < count && failures.length < 20) {
    const i = sent++;
    const { name, bytes, detect, multipart } = mutated(i, images);
    let status;
    try {
      const response = await ask(bytes, detect, multipart);
      await response.arrayBuffer();
      status = response.status;
    } catch (error) {
      status = `no answer (${error.cause?.code ?? error.message})`;
    }
    statuses[status] = (statuses[status] ?? 0) + 1;
    if (!allowed.has(status)) {
      writeFileSync(join(failedDir, `${i}-${name}.bin`), bytes);
      failures.push(`${i} ${name} ${detect}: ${status}`);
    }
    if (i % Math.max(1, Math.floor(count / 20)) === 0) {
      memory.push(memoryMb(child.pid));
      const rate = (1000 * (i + 1)) / (performance.now() - began);
      process.stderr.write(`${i} of ${count}, ${rate.toFixed(0)}/s, ${((count - i) / rate).toFixed(0)} s left, ${memory.at(-1).toFixed(0)} MB\n`);
    }
  }
}
await Promise.all(Array.from({ length: Number(options['at-once']) }, sender));
const after = await (await ask(images[0], 'faces', false)).text().catch(() => 'no answer');
const lost = /mien_workers_lost_total (\d+)/.exec(await (await fetch(`${url}/metrics`)).text())[1];
child.kill('SIGTERM');
const code = await new Promise((resolve) => child.once('exit', resolve));

// The first fifth warms up caches and arenas; after it, memory must not go on rising.
const warm = memory[Math.floor(memory.length / 5)];
const last = Math.max(...memory.slice(-3));
const problems = [
  ...failures,
  ...(after === known ? [] : ['the answer to an undamaged image has changed']),
  ...(lost === '0' ? [] : [`${lost} workers were lost`]),
  ...(code === 0 ? [] : [`the service ended with ${code}\n${log()}`]),
  ...(count >= 2000 && last > warm * 1.3 + 50 ? [`memory rose from ${warm.toFixed(0)} to ${last.toFixed(0)} MB`] : []),
];
console.log(
  JSON.stringify({
    count,
    seed: Number(options.seed),
    seconds: Math.round((performance.now() - began) / 1000),
    statuses,
    memoryMb: memory.map(Math.round),
    problems,
  }),
);
if (failures.length === 0) rmSync(failedDir, { recursive: true });
else console.error(`the images that failed are in ${failedDir}`);
process.exitCode = problems.length > 0 ? 1 : 0;
