/** `mien serve`: recognition over HTTP, safe enough for the internet. */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { Command } from 'commander';
import { UserError } from '@mien/runtime';
import { defaultLimits, parsePort, type ServiceLimits, startService, type StartServiceOptions } from '@mien/server';
import { findModel, releasedModels } from '../find-model.ts';
import { note, parseCount, printText } from '../output.ts';
import { onTwoSignals } from '../two-signals.ts';

interface ServeFlags {
  host?: string;
  port?: string;
  model?: string[];
  tokenFile?: string;
  allowOrigin?: string[];
  trustProxies?: number;
  workers?: number;
  threads?: number;
  queue?: number;
  deadline?: number;
  maxMegabytes?: number;
  maxMegapixels?: number;
  maxImages?: number;
  maxFrames?: number;
  rate?: number;
  burst?: number;
  grace: number;
}

/** The environment variable for a token, where a file is inconvenient; never an argument, which every process can see. */
const tokenVariable = 'MIEN_SERVE_TOKEN';

/** A name for the address: that of a released model, else the file's or the run folder's. */
function namedModel(asked: string | undefined): { name: string; file: string } {
  const file = findModel(asked);
  const released = releasedModels().find((model) => model.file === file);
  const name = released?.name ?? basename(asked ?? file).replace(/\.onnx$/, '');
  if (!/^\w[\w.-]*$/.test(name)) throw new UserError('bad-model-name', `model name "${name}": expected letters, digits, ".", "_" and "-"; rename the file`);
  return { name, file };
}

function chooseModels(asked: readonly string[] | undefined): StartServiceOptions['models'] {
  const models = asked ? asked.map(namedModel) : [namedModel(undefined)];
  const twice = models.find(({ name }, i) => models.findIndex((other) => other.name === name) !== i);
  if (twice) throw new UserError('bad-model-name', `model name "${twice.name}": given twice; rename one of the files`);
  return models;
}

/** One token a line; empty lines and lines that begin with # are left out. */
function readTokens(file: string | undefined): string[] {
  const fromEnvironment = process.env[tokenVariable];
  if (file === undefined) return fromEnvironment ? [fromEnvironment] : [];
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new UserError('not-found', `--token-file ${file}: cannot be read (${(cause as NodeJS.ErrnoException).code}); check the path and its permissions`, {
      cause,
    });
  }
  const tokens = text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
  if (tokens.length === 0) throw new UserError('bad-token', `--token-file ${file}: expected one token a line, found none`);
  return tokens;
}

/** Only what was asked for; the service's defaults stand otherwise. */
function limitsOf(flags: ServeFlags): Partial<ServiceLimits> {
  const limits: { -readonly [K in keyof ServiceLimits]?: ServiceLimits[K] } = {};
  if (flags.maxMegabytes !== undefined) limits.imageBytes = flags.maxMegabytes * 2 ** 20;
  if (flags.maxMegapixels !== undefined) limits.pixels = flags.maxMegapixels * 1e6;
  if (flags.maxImages !== undefined) limits.batchImages = flags.maxImages;
  if (flags.maxFrames !== undefined) limits.videoFrames = flags.maxFrames;
  if (flags.queue !== undefined) limits.queuedImages = flags.queue;
  if (flags.deadline !== undefined) limits.deadlineMs = flags.deadline;
  if (flags.rate !== undefined) limits.imagesPerSecond = flags.rate;
  if (flags.burst !== undefined) limits.burstImages = flags.burst;
  return limits;
}

function collect(value: string, before: string[] | undefined): string[] {
  return [...(before ?? []), value];
}

export function addServeVerb(program: Command): void {
  const { deadlineMs, imagesPerSecond, burstImages, queuedImages, batchImages, videoFrames, imageBytes, pixels } = defaultLimits;
  program
    .command('serve')
    .option('--host <address>', 'address to listen on; any that others can reach needs a token', '127.0.0.1')
    .option('--port <n>', 'port (default: PORT, or the first free one from 4180 on)')
    .option('--model <model>', '.onnx file, run folder, or name of a released model; repeat for several, the first is the default', collect)
    .option('--token-file <file>', `file with one token a line (or one token in ${tokenVariable})`)
    .option('--allow-origin <origin>', 'web pages of this origin may use the service; repeat for several', collect)
    .option('--trust-proxies <n>', 'proxies in front whose X-Forwarded-For is believed', parseCount('--trust-proxies', 0, 10))
    .option('--workers <n>', 'worker threads (default: one for each core)', parseCount('--workers', 1, 256))
    .option('--threads <n>', 'threads inside one operator, in each worker (default: 1)', parseCount('--threads', 1, 256))
    .option('--queue <n>', `images that may wait (default: ${queuedImages})`, parseCount('--queue', 1, 100_000))
    .option('--deadline <ms>', `longest time from a complete request to its answer (default: ${deadlineMs})`, parseCount('--deadline', 10, 600_000))
    .option('--max-megabytes <n>', `largest image file (default: ${imageBytes / 2 ** 20})`, parseCount('--max-megabytes', 1, 1024))
    .option('--max-megapixels <n>', `largest image or video frame (default: ${pixels / 1e6})`, parseCount('--max-megapixels', 1, 1000))
    .option('--max-images <n>', `images in one request (default: ${batchImages})`, parseCount('--max-images', 1, 1000))
    .option('--max-frames <n>', `frames looked at in one video (default: ${videoFrames})`, parseCount('--max-frames', 1, 100_000))
    .option('--rate <n>', `images a second from one client, 0 for no limit (default: ${imagesPerSecond})`, parseCount('--rate', 0, 1_000_000))
    .option('--burst <n>', `images at once from one client (default: ${burstImages})`, parseCount('--burst', 1, 1_000_000))
    .option('--grace <seconds>', 'time for finishing after SIGTERM', parseCount('--grace', 0, 3600), 30)
    .addHelpText(
      'after',
      '\nExample:\n  mien serve --port 8080\n  curl http://127.0.0.1:8080/v1/recognise -H "Content-Type: image/jpeg" --data-binary @photo.jpg',
    )
    .action(async (flags: ServeFlags) => {
      const port = flags.port === undefined ? parsePort(process.env.PORT, 'PORT') : parsePort(flags.port, '--port');
      const service = await startService({
        models: chooseModels(flags.model),
        ...(flags.host === undefined ? {} : { host: flags.host }),
        port,
        tokens: readTokens(flags.tokenFile),
        allowedOrigins: flags.allowOrigin ?? [],
        trustedProxies: flags.trustProxies ?? 0,
        workers: flags.workers,
        threads: flags.threads,
        limits: limitsOf(flags),
      });
      printText(service.url);
      note(`${service.url}/docs shows how to ask. Images are neither stored nor logged. Ctrl-C ends.`);
      onTwoSignals(() => {
        note('Finishing what was accepted; a second signal ends at once.');
        void service.stop(flags.grace * 1000);
      });
    });
}
