/** Worker threads behind one bounded queue. ONNX Runtime blocks the thread it runs on, so none of it runs on the server's own. */
import { Worker } from 'node:worker_threads';
import type { ModelCard } from '@mien/runtime';
import { PoolMember, type PoolThread, type Receiver } from './pool-member.ts';
import { ServiceError } from './service-error.ts';
import type { Job, JobResults, WorkerModel, WorkerSetup } from './worker-messages.ts';

export interface PoolOptions {
  readonly models: readonly WorkerModel[];
  readonly workers: number;
  /** Threads inside one operator, in each worker. */
  readonly threads: number;
  /** Images that may wait. */
  readonly queueLimit: number;
  /** Opens a thread; tests put their own in. */
  readonly openThread?: (setup: WorkerSetup) => PoolThread;
  /** A worker whose oldest job takes longer is replaced. Default 60 s. */
  readonly stuckMs?: number;
  /** At the end, time for a worker to leave: one run of a network. Default 10 s. */
  readonly closeMs?: number;
  readonly observer?: PoolObserver;
}

/** What metrics and logs are made of. */
export interface PoolObserver {
  /** A job left the queue for a worker after `waitMs`. */
  onStart?(waitMs: number): void;
  /** A network ran over so many faces at once. */
  onRun?(faces: number): void;
  /** A worker ended on its own; another takes its place. */
  onWorkerLost?(reason: string): void;
}

export interface RunOptions {
  /** A moment of `performance.now()`. */
  readonly deadline: number;
  /** Aborted when the client has gone: what has not begun is dropped. */
  readonly signal?: AbortSignal;
  /** Waits for its place although the queue is full; for a caller that bounds itself. */
  readonly patient?: boolean;
}

interface Waiting {
  readonly job: Job;
  readonly load: number;
  readonly enqueued: number;
  readonly receiver: Receiver;
}

/** Load a worker takes on at once: enough crops for a full batch, or two photographs, one decoding while the other is looked through. */
const workerLoad = 32;
const photoLoad = 16;
/** Face crops go to a worker in groups: what comes while it works on one waits, and is its next run, so runs grow with the load. */
const cropLoad = 1;
/**
 * Where crops come closer together than `denseGapMs`, the first that finds an idle worker waits up to `gatherMs` for `gatherCrops` to go
 * together: alone, a crop costs a third more CPU, which near the limit of the machine makes queues of short pauses.
 */
const denseGapMs = 6;
/** One gap of it ends a dense time. */
const longGapMs = 10 * denseGapMs;
const gatherMs = 12;
const gatherCrops = 3;
const defaultStuckMs = 60_000;
const defaultCloseMs = 10_000;
const firstRestartMs = 500;
const longestRestartMs = 30_000;
/** Faces in one run: larger batches gain nothing. */
const largestBatch = 32;
/** Little beside a run of several faces, much beside the arrival of the next request under load. */
const longestWaitMs = 4;

const openWorker = (setup: WorkerSetup): PoolThread =>
  // Flags of the parent, as --input-type, mean nothing to the worker's own file.
  new Worker(new URL('./recognition-worker.js', import.meta.url), { workerData: setup, execArgv: [] }) as PoolThread;

const draining = (): ServiceError => new ServiceError('draining', 'the service is shutting down; ask another instance');

function loadOf(job: Job): number {
  return job.kind === 'recognise' && job.detect === 'none' ? cropLoad : photoLoad;
}

export class RecognitionPool {
  readonly #options: PoolOptions;
  readonly #observer: PoolObserver;
  readonly #members: PoolMember[] = [];
  /** Replaced, and not gone yet. */
  readonly #leaving = new Set<PoolMember>();
  readonly #queue: Waiting[] = [];
  readonly #watch: NodeJS.Timeout;
  #cards: Readonly<Record<string, ModelCard>> = {};
  #closed = false;
  #restartMs = firstRestartMs;
  /** Mean time between crops, smoothed. */
  #cropGapMs = longGapMs;
  #lastCropAt = Number.NEGATIVE_INFINITY;
  #gathering: NodeJS.Timeout | undefined;

  private constructor(options: PoolOptions) {
    this.#options = options;
    this.#observer = options.observer ?? {};
    const stuckMs = options.stuckMs ?? defaultStuckMs;
    this.#watch = setInterval(() => this.#replaceStuck(stuckMs), stuckMs / 4).unref();
  }

  /** Opens the workers and waits until all can work. Throws `UserError`: those of `loadRecogniser` and `defaultDetector`. */
  static async open(options: PoolOptions): Promise<RecognitionPool> {
    const pool = new RecognitionPool(options);
    try {
      // The first alone: where a model cannot be opened, one message is enough.
      await pool.#addMember();
      await Promise.all(Array.from({ length: options.workers - 1 }, () => pool.#addMember()));
    } catch (error) {
      await pool.close();
      throw error;
    }
    return pool;
  }

  /** The cards of the models, by name. */
  get cards(): Readonly<Record<string, ModelCard>> {
    return this.#cards;
  }

  /** Images that wait. */
  get queued(): number {
    return this.#queue.length;
  }

  /** Images in work. */
  get running(): number {
    return this.#members.reduce((sum, member) => sum + member.jobs, 0);
  }

  get ready(): boolean {
    return this.#members.some((member) => member.ready);
  }

  /** Throws `ServiceError` `queue-full` where `images` more do not fit: a request is refused before its work begins. */
  checkRoom(images: number): void {
    const { queueLimit } = this.#options;
    if (this.#queue.length + images <= queueLimit) return;
    throw new ServiceError('queue-full', `${this.#queue.length} images are waiting, at most ${queueLimit} may; try again after the time in Retry-After`, {
      retryAfterS: 1,
    });
  }

  /**
   * Does a job. The picture's memory may move to a worker and be gone afterwards.
   * Throws `ServiceError`: `queue-full`, `deadline-passed`, `client-gone`, `worker-lost`, `draining`, and those of the job;
   * any other error is a bug.
   */
  async run<J extends Job>(job: J, { deadline, signal, patient = false }: RunOptions): Promise<JobResults[J['kind']]> {
    if (this.#closed) throw draining();
    const late = (): ServiceError =>
      new ServiceError('deadline-passed', 'the service is busy and could not answer in time; try again later', { retryAfterS: 1 });
    // A timer of 0 ms lets a quick worker answer first: what comes late is not begun.
    if (deadline <= performance.now()) throw late();
    if (!patient && !this.#freeMember(loadOf(job))) this.checkRoom(1);
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
      };
      const receiver: Receiver = {
        resolve: (result) => {
          leave();
          resolve(result as JobResults[J['kind']]);
        },
        reject: (error) => {
          leave();
          reject(error);
        },
      };
      const waiting: Waiting = { job, load: loadOf(job), enqueued: performance.now(), receiver };
      const giveUp = (error: ServiceError): void => {
        const at = this.#queue.indexOf(waiting);
        // What a worker has begun cannot be stopped; its answer finds nobody.
        if (at >= 0) this.#queue.splice(at, 1);
        receiver.reject(error);
      };
      const onAbort = (): void => giveUp(new ServiceError('client-gone', 'the connection was closed before the answer was ready'));
      const timer = setTimeout(() => giveUp(late()), Math.max(0, deadline - performance.now()));
      if (waiting.load === cropLoad) this.#noteCrop(waiting.enqueued);
      this.#queue.push(waiting);
      signal?.addEventListener('abort', onAbort);
      if (signal?.aborted) onAbort();
      else this.#dispatch();
    });
  }

  /** Ends the workers; what is queued or in work is refused. */
  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#watch);
    clearTimeout(this.#gathering);
    for (const { receiver } of this.#queue.splice(0)) receiver.reject(draining());
    const { closeMs = defaultCloseMs } = this.#options;
    // Those that were replaced too: a thread that lives keeps the process.
    await Promise.all([...this.#members, ...this.#leaving].map((member) => member.leave(closeMs)));
  }

  #freeMember(load: number): PoolMember | undefined {
    let best: PoolMember | undefined;
    for (const member of this.#members) {
      // A job heavier than what is left waits, unless the worker is idle.
      if (!member.ready || (member.load > 0 && member.load + load > workerLoad)) continue;
      if (load === cropLoad && member.jobsOf(cropLoad) > 0) continue;
      if (!best || member.load < best.load) best = member;
    }
    return best;
  }

  #dispatch(): void {
    for (let next = this.#queue[0]; next; next = this.#queue[0]) {
      const member = this.#freeMember(next.load);
      if (!member || this.#gathers(next)) return;
      for (const { job, load, enqueued, receiver } of this.#queue.splice(0, this.#groupSize(member))) {
        this.#observer.onStart?.(performance.now() - enqueued);
        member.send(job, load, receiver);
      }
    }
  }

  #noteCrop(now: number): void {
    this.#cropGapMs += 0.1 * (Math.min(now - this.#lastCropAt, longGapMs) - this.#cropGapMs);
    this.#lastCropAt = now;
  }

  /** Whether the head of the queue waits for others to go with; sees to it that it does not wait for long. */
  #gathers({ load, enqueued }: Waiting): boolean {
    if (load !== cropLoad || this.#cropGapMs > denseGapMs || this.#queue.length >= gatherCrops) return false;
    const left = enqueued + gatherMs - performance.now();
    if (left < 1) return false;
    this.#gathering ??= setTimeout(() => {
      this.#gathering = undefined;
      this.#dispatch();
    }, left);
    return true;
  }

  /** How many from the head of the queue go to a worker together: one photograph, or its share of the crops that wait. */
  #groupSize(member: PoolMember): number {
    const other = this.#queue.findIndex(({ load }) => load !== cropLoad);
    const crops = other < 0 ? this.#queue.length : other;
    return Math.max(1, Math.min(workerLoad - member.load, Math.ceil(crops / this.#members.length)));
  }

  #addMember(): Promise<void> {
    const { models, threads, openThread = openWorker } = this.#options;
    return new Promise((resolve, reject) => {
      const member = new PoolMember(openThread({ models, threads, largestBatch, longestWaitMs }), {
        onReady: (cards) => {
          this.#cards = cards;
          this.#restartMs = firstRestartMs;
          resolve();
          this.#dispatch();
        },
        onRoom: () => this.#dispatch(),
        onRun: (faces) => this.#observer.onRun?.(faces),
        onEnd: (error, wasReady) => {
          if (wasReady) this.#lose(member, error.message);
          else this.#members.splice(this.#members.indexOf(member), 1);
          reject(error);
        },
      });
      this.#members.push(member);
    });
  }

  /** A worker that worked is gone: another takes its place. */
  #lose(member: PoolMember, reason: string): void {
    this.#members.splice(this.#members.indexOf(member), 1);
    if (this.#closed) return;
    this.#observer.onWorkerLost?.(reason);
    this.#restart();
  }

  #restart(): void {
    const delayMs = this.#restartMs;
    this.#restartMs = Math.min(2 * delayMs, longestRestartMs);
    setTimeout(() => {
      if (this.#closed) return;
      this.#addMember().catch((error: Error) => {
        if (this.#closed) return;
        this.#observer.onWorkerLost?.(error.message);
        this.#restart();
      });
    }, delayMs).unref();
  }

  #replaceStuck(stuckMs: number): void {
    for (const member of [...this.#members]) {
      const { oldestStarted } = member;
      if (oldestStarted === undefined || performance.now() - oldestStarted < stuckMs) continue;
      this.#leaving.add(member);
      void member.leave(stuckMs).finally(() => this.#leaving.delete(member));
      this.#lose(member, `a job took more than ${stuckMs / 1000} s`);
    }
  }
}
