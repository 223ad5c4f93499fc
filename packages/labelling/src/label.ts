/** A whole labelling job: the sources listed, chunks handed out, shards gathered. */
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { backOffMs, defaultRetryPolicy, type JobEvent, runJobs } from '@mien/jobs';
import { UserError } from '@mien/runtime';
import { chunkJobs, chunkOf } from './chunk-jobs.ts';
import { DoneChunks } from './done-chunks.ts';
import { countTotals, finishJob } from './finish-job.ts';
import { takeFolderLock } from './folder-lock.ts';
import { ItemIndex } from './items/item-index.ts';
import type { ChunkOutcome, LabelPayload } from './label-handler.ts';
import { type LabelFolder, shardOf } from './label-folder.ts';
import { openLocalWork, openQueuedWork, type Work } from './label-work.ts';
import { listJob } from './list-job.ts';
import { type Manifest, type Totals, writeManifest } from './manifest.ts';
import { onlyNew } from './only-new.ts';
import { forgetJob, type JobRequest, makeWorkFolders, type OpenedJob, openJob } from './open-job.ts';
import { RateMeter } from './rate-meter.ts';
import { ShardWriter } from './shard-writer.ts';
import { explainWriteError, isPassingTrouble } from './write-file.ts';

export interface LabelOptions extends JobRequest {
  /** Local processes. Default: as many as there are cores. */
  readonly workers?: number | undefined;
  /** Threads of each. Default 1. */
  readonly threads?: number | undefined;
  /** Address of a Redis or Valkey server: the chunks are done by `mien worker` processes that join it. */
  readonly queue?: string | undefined;
  /** Silence after which a queue worker's chunk goes to another. */
  readonly leaseMs?: number | undefined;
  /** URL of a recogniser's module: see `LabelWorkerOptions`. Workers of a queue must be given it too. */
  readonly recogniser?: string | undefined;
  readonly onProgress?: ((progress: LabelProgress) => void) | undefined;
  /** Lines worth reading while the job runs. */
  readonly onNotice?: ((message: string) => void) | undefined;
  /** Aborting stops the job; the same call goes on with it. */
  readonly signal?: AbortSignal | undefined;
}

export interface LabelProgress {
  readonly phase: 'listing' | 'labelling';
  /** Images. */
  readonly done: number;
  /** Images in all; 0 while listing. */
  readonly total: number;
  readonly errors: number;
  /** Images a second over the last minute. */
  readonly perSecond: number;
  readonly workers: number;
}

const lookMs = 1000;
/** Workers may be on their way. */
const patientMs = 5000;
/** Failed chunks that the manifest names. */
const namedFailures = 100;

/**
 * Labels the sources into `out`, going on where an earlier call with the same options was stopped or killed. Resolves
 * with the manifest: `done`, `stopped` (aborted or cancelled) or `incomplete` (chunks failed for good).
 * Throws `UserError` for everything a person can mend.
 */
export async function label(options: LabelOptions): Promise<Manifest> {
  if (options.queue !== undefined && (options.workers !== undefined || options.threads !== undefined)) {
    throw new UserError('bad-option', '--workers and --threads are for local work; with --queue, start `mien worker --queue …` processes instead');
  }
  const job = await openJob(options);
  if (job.manifest.state === 'done') return job.manifest;
  const unlock = takeFolderLock(job.folder.lock, options.out);
  try {
    await rm(job.folder.cancel, { force: true });
    return await new LabelRun(job, options).run();
  } catch (error) {
    if (job.isNew && job.manifest.items === undefined) await forgetJob(job.folder);
    throw error;
  } finally {
    unlock();
  }
}

class LabelRun {
  readonly #job: OpenedJob;
  readonly #folder: LabelFolder;
  readonly #options: LabelOptions;
  readonly #notice: (message: string) => void;
  /** Aborted by the caller, or by the file that asks us to cancel. */
  readonly #stop = new AbortController();
  readonly #rate = new RateMeter();
  readonly #failed: { chunk: number; error: string }[] = [];
  /** Images done of chunks in work, as their workers tell. */
  readonly #partly = new Map<number, number>();
  #totals: Totals = { images: 0, faces: 0, errors: 0 };
  #workers = 0;
  #lookedAt = 0;
  /** When a worker was last heard of, or the hand-out began. */
  #workersAt = 0;

  constructor(job: OpenedJob, options: LabelOptions) {
    this.#job = job;
    this.#folder = job.folder;
    this.#options = options;
    this.#notice = onlyNew(options.onNotice ?? (() => {}));
  }

  async run(): Promise<Manifest> {
    const { signal } = this.#options;
    const stop = (): void => this.#stop.abort();
    signal?.addEventListener('abort', stop);
    if (signal?.aborted) stop();
    try {
      await listJob(this.#job, {
        onFound: (done) => this.#options.onProgress?.({ phase: 'listing', done, total: 0, errors: 0, perSecond: 0, workers: 0 }),
        onNotice: this.#notice,
        signal: this.#stop.signal,
      });
      await makeWorkFolders(this.#folder);
      return await this.#labelChunks();
    } catch (error) {
      if (this.#stop.signal.aborted && (error as Error).name === 'AbortError') return this.#save({ state: 'stopped' });
      throw error;
    } finally {
      signal?.removeEventListener('abort', stop);
    }
  }

  async #labelChunks(): Promise<Manifest> {
    const { items, options } = this.#job.manifest;
    const index = await ItemIndex.open(this.#folder.offsets, items!, options.chunkSize);
    const done = await DoneChunks.find(this.#folder, index.chunks);
    this.#totals = await countTotals(this.#folder, this.#job.manifest);
    this.#rate.record(this.#totals.images);
    await this.#save({ state: 'labelling' });
    const shards = new ShardWriter(this.#folder, done, this.#notice);
    try {
      for (const shard of done.shardsToWrite()) shards.begin(shard);
      const finished = await this.#handOut(index, done, shards);
      if (!finished) return await this.#save({ state: 'stopped', totals: this.#totals });
      await shards.settled();
      if (this.#failed.length > 0) {
        return await this.#save({ state: 'incomplete', totals: this.#totals, failed: this.#failed.slice(0, namedFailures) });
      }
      return await this.#patiently(() => finishJob(this.#folder, this.#job.manifest, Math.ceil(shardOf(index.chunks - 1) + 1)));
    } finally {
      await shards.close();
    }
  }

  /** Resolves false when stopped before the end. */
  async #handOut(index: ItemIndex, done: DoneChunks, shards: ShardWriter): Promise<boolean> {
    if (done.pending().next().done) return true;
    const work = await this.#openWork();
    const over = new AbortController();
    try {
      const run = runJobs({
        queue: work.queue,
        jobs: chunkJobs(index, done),
        window: work.window,
        onEvent: (event) => this.#receive(event, index, done, shards),
        onTick: () => this.#look(work),
        signal: AbortSignal.any([this.#stop.signal, over.signal]),
      });
      // A queue that is away would hold up a stop for as long.
      return await Promise.race([run, work.broken, aborted(this.#stop.signal)]);
    } finally {
      // Otherwise it would look for outcomes for ever where no worker can do the job.
      over.abort();
      await work.close();
    }
  }

  async #openWork(): Promise<Work> {
    const { queue, workers, threads, leaseMs, recogniser } = this.#options;
    const { manifest } = this.#job;
    const payload: LabelPayload = {
      dir: this.#folder.dir,
      options: manifest.options,
      videos: manifest.videos ?? false,
      ownRecogniser: recogniser !== undefined,
    };
    if (queue === undefined) return openLocalWork(payload, { workers, threads, recogniser, onNotice: this.#notice });
    return openQueuedWork(payload, { queue, job: manifest.job, leaseMs, onNotice: this.#notice });
  }

  #receive(event: JobEvent<ChunkOutcome>, index: ItemIndex, done: DoneChunks, shards: ShardWriter): void {
    const chunk = chunkOf(event.id);
    switch (event.type) {
      case 'progress':
        if (typeof event.value === 'number') this.#partly.set(chunk, event.value);
        return;
      case 'retrying':
        this.#partly.delete(chunk);
        this.#notice(`chunk ${chunk}: ${event.failure.message} (tried again)`);
        return;
      case 'failed':
        this.#partly.delete(chunk);
        this.#failed.push({ chunk, error: event.failure.message });
        this.#notice(`chunk ${chunk} failed: ${event.failure.stack ?? event.failure.message}`);
        return;
      case 'completed': {
        this.#partly.delete(chunk);
        if (!done.add(chunk)) return;
        const { faces, errors } = event.result;
        this.#totals = {
          images: this.#totals.images + index.range(chunk).count,
          faces: this.#totals.faces + faces,
          errors: this.#totals.errors + errors,
        };
        const shard = shardOf(chunk);
        if (done.isComplete(shard)) shards.begin(shard);
      }
    }
  }

  /** A few times a second. */
  async #look({ queue }: Work): Promise<void> {
    if (Date.now() - this.#lookedAt >= lookMs) {
      this.#lookedAt = Date.now();
      if (existsSync(this.#folder.cancel)) this.#stop.abort();
      this.#workers = await queue.workers();
      if (this.#workers > 0 || this.#workersAt === 0) this.#workersAt = Date.now();
      const alone = Date.now() - this.#workersAt > patientMs;
      if (alone && this.#options.queue !== undefined) this.#notice('waiting for workers: start some with `mien worker --queue …`');
    }
    let done = this.#totals.images;
    for (const part of this.#partly.values()) done += part;
    this.#rate.record(done);
    this.#options.onProgress?.({
      phase: 'labelling',
      done,
      total: this.#job.manifest.items!,
      errors: this.#totals.errors,
      perSecond: this.#rate.perSecond,
      workers: this.#workers,
    });
  }

  async #save(changes: Partial<Manifest>): Promise<Manifest> {
    this.#job.manifest = { ...this.#job.manifest, ...changes };
    await this.#patiently(() => writeManifest(this.#folder.dir, this.#job.manifest));
    return this.#job.manifest;
  }

  /** Waits out a full disk, unless asked to stop. */
  async #patiently<T>(write: () => Promise<T>): Promise<T> {
    for (let failures = 1; ; failures++) {
      try {
        return await write();
      } catch (error) {
        if (!isPassingTrouble(error) || this.#stop.signal.aborted) throw explainWriteError(error, this.#folder.dir);
        this.#notice(`${(explainWriteError(error, this.#folder.dir) as Error).message} (waiting)`);
        await sleep(backOffMs(failures, defaultRetryPolicy), undefined, { signal: this.#stop.signal }).catch(() => {});
      }
    }
  }
}

function aborted(signal: AbortSignal): Promise<false> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(false);
    else signal.addEventListener('abort', () => resolve(false), { once: true });
  });
}
