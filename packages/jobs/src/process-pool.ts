/**
 * Worker processes on this machine, fed from an embedded engine. Processes, not threads: a picture that crashes a
 * native library then costs one worker and one attempt, not the run.
 */
import { type ChildProcess, fork } from 'node:child_process';
import type { EmbeddedEngine } from './embedded-engine.ts';
import { errorOf } from './failure.ts';
import type { Claim } from './job.ts';
import type { ClaimMessage, FromWorker, ToWorker } from './pool-messages.ts';

export interface ProcessPoolOptions<P, R> {
  readonly engine: EmbeddedEngine<P, R>;
  /** Processes; a dead one is replaced. */
  readonly workers: number;
  /** URL of a module that exports `openHandler`. */
  readonly module: string;
  /** Passed to `openHandler`; JSON. */
  readonly init: unknown;
  readonly env?: Readonly<Record<string, string>>;
  /** A worker silent for this long is killed: its thread hangs. Default five minutes. */
  readonly silenceMs?: number;
  /** At the end, time for a worker to leave its job in good order. Default: none, jobs being cheap to repeat. */
  readonly stopMs?: number;
  /** Told when a worker died in the middle of a job. */
  readonly onDeath?: (reason: string) => void;
}

/** Starts in a row, of one place of the pool, that end before the worker is ready. */
const hopelessStarts = 3;
const longestLookMs = 5000;
const defaultSilenceMs = 300_000;
const goodbyeMs = 5000;

interface Place<P> {
  readonly process: ChildProcess;
  readonly claims: Map<string, Claim<P>>;
  ready: boolean;
  heardAt: number;
}

export class ProcessPool<P, R> {
  readonly #options: ProcessPoolOptions<P, R>;
  readonly #places = new Set<Place<P>>();
  readonly #watch: NodeJS.Timeout;
  #closing = false;
  #reject: (error: Error) => void = () => {};
  /** Rejects when no worker can be started; otherwise stays open. Race it against the run. */
  readonly broken: Promise<never>;

  constructor(options: ProcessPoolOptions<P, R>) {
    this.#options = options;
    this.broken = new Promise((_, reject) => {
      this.#reject = reject;
    });
    this.broken.catch(() => {});
    for (let i = 0; i < options.workers; i++) this.#start(0);
    const silenceMs = options.silenceMs ?? defaultSilenceMs;
    this.#watch = setInterval(() => this.#killSilent(silenceMs), Math.min(longestLookMs, silenceMs / 4));
    this.#watch.unref();
  }

  /** Process numbers of the workers. */
  get pids(): number[] {
    return [...this.#places].flatMap(({ process }) => process.pid ?? []);
  }

  /** Ends the workers: those at rest leave by themselves, the others are killed, after `stopMs` where there is one. */
  async close(): Promise<void> {
    this.#closing = true;
    clearInterval(this.#watch);
    await Promise.all(
      [...this.#places].map(async ({ process, claims }) => {
        if (process.pid === undefined) return;
        const gone = new Promise((resolve) => process.once('exit', resolve));
        const { stopMs } = this.#options;
        const works = claims.size > 0;
        if (works && stopMs === undefined) process.kill('SIGKILL');
        else send(process, { type: works ? 'stop' : 'end' });
        const timer = setTimeout(() => process.kill('SIGKILL'), works && stopMs !== undefined ? stopMs : goodbyeMs);
        await gone;
        clearTimeout(timer);
      }),
    );
  }

  #start(failedStarts: number): void {
    const { module, init, env } = this.#options;
    const child = fork(new URL('./pool-worker.js', import.meta.url), [], {
      execArgv: [],
      env: { ...process.env, ...env },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      serialization: 'advanced',
    });
    const place: Place<P> = { process: child, claims: new Map(), ready: false, heardAt: Date.now() };
    this.#places.add(place);
    child.on('message', (message: FromWorker) => void this.#receive(place, message));
    child.on('error', (error) => {
      // One that was never there does not exit either.
      if (child.pid === undefined) this.#places.delete(place);
      this.#reject(error);
    });
    child.on('exit', (code, signal) => this.#afterExit(place, signal ?? `exit status ${code}`, failedStarts));
    send(child, { type: 'start', module, init });
  }

  async #receive(place: Place<P>, message: FromWorker): Promise<void> {
    const { engine } = this.#options;
    place.heardAt = Date.now();
    switch (message.type) {
      case 'ready':
        place.ready = true;
        this.#countReady();
        return;
      case 'beat':
        return;
      case 'unfit':
        this.#reject(errorOf(message.failure));
        place.process.kill('SIGKILL');
        return;
      case 'claim': {
        const claim = await engine.claim();
        if (claim && !this.#places.has(place)) await engine.release(claim);
        else {
          if (claim) place.claims.set(claim.id, claim);
          send(place.process, { type: 'job', claim: claim && plain(claim) });
        }
        return;
      }
      case 'progress': {
        const claim = place.claims.get(message.id);
        if (claim) engine.progress(claim, message.value);
        return;
      }
    }
    const claim = place.claims.get(message.id);
    if (!claim) return;
    place.claims.delete(message.id);
    if (message.type === 'complete') await engine.complete(claim, message.result as R);
    else if (message.type === 'fail') await engine.fail(claim, message.failure);
    else await engine.release(claim);
  }

  #afterExit(place: Place<P>, reason: string, failedStarts: number): void {
    this.#places.delete(place);
    this.#countReady();
    for (const claim of place.claims.values()) this.#options.engine.bury(claim);
    if (this.#closing) return;
    if (place.claims.size > 0) this.#options.onDeath?.(reason);
    const failed = place.ready ? 0 : failedStarts + 1;
    if (failed < hopelessStarts) this.#start(failed);
    else this.#reject(new Error(`a worker process ended ${failed} times before it was ready (${reason})`));
  }

  #countReady(): void {
    this.#options.engine.setWorkers([...this.#places].filter((place) => place.ready).length);
  }

  #killSilent(silenceMs: number): void {
    const limit = Date.now() - silenceMs;
    for (const { process, heardAt } of this.#places) if (heardAt < limit) process.kill('SIGKILL');
  }
}

function plain<P>({ id, payload, failures, deaths }: Claim<P>): ClaimMessage {
  return { id, payload, failures, deaths };
}

/** To a worker that may have died a moment ago. */
function send(child: ChildProcess, message: ToWorker): void {
  if (child.connected) child.send(message, () => {});
}
