/** Opens the service: worker threads, app and port, and the rule which addresses it may bind to. */
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { readCard, refuseLandmarkUse, UserError } from '@mien/runtime';
import { listen } from '../http/listen.ts';
import { limitsFrom, type ServiceLimits } from './limits.ts';
import { isLoopback } from './origin-guard.ts';
import { RecognitionPool } from './recognition-pool.ts';
import { jsonLog, type ServiceLog } from './request-log.ts';
import { createServiceApp } from './service-app.ts';
import { ServiceMetrics } from './service-metrics.ts';
import { Tokens } from './tokens.ts';
import { hasFfmpeg } from './video-frames.ts';
import type { WorkerModel } from './worker-messages.ts';

export interface ServedModel {
  /** As requests name it. */
  readonly name: string;
  readonly file: string;
}

export interface StartServiceOptions {
  /** The first is the default. */
  readonly models: readonly ServedModel[];
  /** Default 127.0.0.1. Any address that others can reach needs a token. */
  readonly host?: string;
  /** This port and no other; 0 takes any free one. Left out: 4180, or the next free one. */
  readonly port?: number | undefined;
  readonly tokens?: readonly string[];
  /** Origins whose pages may use the service, as `https://example.org`. */
  readonly allowedOrigins?: readonly string[];
  /** Proxies in front whose X-Forwarded-For is believed. Default 0. */
  readonly trustedProxies?: number;
  readonly limits?: Partial<ServiceLimits>;
  /** Default: one for each core. */
  readonly workers?: number | undefined;
  /** Threads inside one operator, in each worker. Default 1: whole requests in parallel give more than parts of one. */
  readonly threads?: number | undefined;
  /** How long clients may take; default: 10 s for the head of a request, 60 s for all of it. */
  readonly timeouts?: Partial<ClientTimeouts>;
  /** Default: one JSON line a request on standard error. */
  readonly log?: ServiceLog;
}

export interface RunningService {
  /** Without a slash at the end. */
  readonly url: string;
  readonly port: number;
  /** Takes nothing new, finishes what was accepted within `graceMs`, then ends. */
  stop(graceMs?: number): Promise<void>;
}

const firstPort = 4180;
const defaultGraceMs = 30_000;

/** How long a client may take, in milliseconds, so that slow ones cannot hold connections (slow-loris). Names of `node:http`. */
export interface ClientTimeouts {
  readonly headersTimeout: number;
  readonly requestTimeout: number;
  readonly keepAliveTimeout: number;
  readonly connectionsCheckingInterval: number;
}

const defaultTimeouts: ClientTimeouts = {
  headersTimeout: 10_000,
  // Head and body: 16 MiB at 2.2 Mbit/s.
  requestTimeout: 60_000,
  keepAliveTimeout: 10_000,
  connectionsCheckingInterval: 2_000,
};
const maxHeaderSize = 16_384;

function checkHost(host: string, tokens: Tokens): void {
  if (isLoopback(host) || tokens.required) return;
  throw new UserError(
    'token-needed',
    `host ${host}: others can reach this address, so a token is needed; put one into a file (openssl rand -hex 32 > token) and name it with --token-file, or leave --host out`,
  );
}

function checkOrigins(origins: readonly string[]): void {
  for (const origin of origins) {
    if (!URL.canParse(origin) || new URL(origin).origin !== origin) {
      throw new UserError('bad-origin', `origin ${origin}: expected scheme and host, as https://example.org, without a path; "*" is not taken`);
    }
  }
}

async function readModel({ name, file }: ServedModel): Promise<WorkerModel> {
  const bytes = await readFile(file).catch((cause) => {
    throw new UserError('not-found', `model ${name}: ${file} cannot be read (${(cause as NodeJS.ErrnoException).code}); check the path`, { cause });
  });
  const model = { name, file, bytes: new Uint8Array(bytes) };
  refuseLandmarkUse(readCard(model.bytes, file), file, '`mien serve`');
  return model;
}

/**
 * Serves until `stop()`. Throws `UserError`: `token-needed`, `bad-token`, `bad-origin`, `bad-option`, `no-model`, `not-found`, `port-busy`,
 * `port-forbidden`, `needs-landmarks`, and those of opening models and the detector.
 */
export async function startService(options: StartServiceOptions): Promise<RunningService> {
  const { models, host = '127.0.0.1', port, allowedOrigins = [], trustedProxies = 0 } = options;
  const limits = limitsFrom(options.limits);
  const tokens = new Tokens(options.tokens ?? []);
  checkHost(host, tokens);
  checkOrigins(allowedOrigins);
  // Its builds report sessions to their maker unless this is set before the first; nobody who sends a picture agreed to that.
  process.env.ORT_DISABLE_TELEMETRY ??= '1';
  if (models.length === 0) throw new UserError('no-model', 'expected at least one model to serve, got none');
  const log = options.log ?? jsonLog((line) => process.stderr.write(line));
  const metrics = new ServiceMetrics();
  const pool = await RecognitionPool.open({
    models: await Promise.all(models.map(readModel)),
    workers: options.workers ?? availableParallelism(),
    threads: options.threads ?? 1,
    queueLimit: limits.queuedImages,
    observer: {
      ...metrics.poolObserver,
      onWorkerLost: (reason) => {
        metrics.poolObserver.onWorkerLost?.(reason);
        log.event('error', 'a worker was lost', { reason });
      },
    },
  });
  let draining = false;
  try {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string };
    const app = createServiceApp({
      ...{ pool, version, limits, tokens, allowedOrigins, trustedProxies, metrics, log },
      modelNames: models.map(({ name }) => name),
      video: await hasFfmpeg(),
      isDraining: () => draining,
    });
    const serverOptions = { ...defaultTimeouts, ...options.timeouts, maxHeaderSize };
    const listening = await listen(app, { host, port, firstPort, serverOptions, connections: limits.connections });
    const stop = async (graceMs = defaultGraceMs): Promise<void> => {
      if (draining) return;
      draining = true;
      await listening.finish(graceMs);
      await pool.close();
    };
    return { url: listening.url, port: listening.port, stop };
  } catch (error) {
    await pool.close();
    throw error;
  }
}
