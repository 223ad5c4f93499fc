/** One worker thread of the pool, with the jobs it has. */
import { setTimeout } from 'node:timers/promises';
import { type ModelCard, UserError } from '@mien/runtime';
import { isRefusalCode, ServiceError } from './service-error.ts';
import type { FromWorker, Job, JobResults, ToWorker } from './worker-messages.ts';

/** The part of a `Worker` that the pool uses. */
export interface PoolThread {
  postMessage(message: ToWorker, transfer?: readonly ArrayBuffer[]): void;
  on(event: 'message', listener: (message: FromWorker) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'exit', listener: (code: number) => void): unknown;
  terminate(): Promise<unknown>;
}

/** Whom a result goes to. */
export interface Receiver {
  resolve(result: JobResults[Job['kind']]): void;
  reject(error: Error): void;
}

export interface MemberEvents {
  onReady(cards: Readonly<Record<string, ModelCard>>): void;
  /** A job is done, or failed: there is room for another. */
  onRoom(): void;
  /** A network ran over so many faces at once. */
  onRun(faces: number): void;
  /** The thread has ended; `wasReady` tells a loss from a failed start. */
  onEnd(error: Error, wasReady: boolean): void;
}

interface Running extends Receiver {
  readonly started: number;
  readonly load: number;
}

/** The job with a picture whose memory is its own and can move: of a view, the whole memory behind it would be copied. */
function withOwnMemory(job: Job): { job: Job; transfer: ArrayBuffer[] } {
  const { picture } = job;
  const given = 'image' in picture ? picture.image.data : picture.bytes;
  const own = given.buffer instanceof ArrayBuffer && given.buffer.byteLength === given.byteLength ? given : new Uint8Array(given);
  const moved = 'image' in picture ? { image: { ...picture.image, data: own } } : { bytes: own as Uint8Array };
  return { job: { ...job, picture: moved }, transfer: [own.buffer as ArrayBuffer] };
}

export class PoolMember {
  readonly #thread: PoolThread;
  readonly #running = new Map<number, Running>();
  #nextId = 0;
  #load = 0;
  readonly #byLoad = new Map<number, number>();
  #ready = false;
  #ended = false;
  #exited = false;

  constructor(thread: PoolThread, events: MemberEvents) {
    this.#thread = thread;
    let failure: Error | undefined;
    thread.on('message', (message) => {
      if (message.type === 'run') events.onRun(message.faces);
      else if (message.type === 'ready') {
        this.#ready = true;
        events.onReady(message.cards);
      } else if (message.type === 'failed') {
        failure = message.code === 'internal' ? new Error(message.message) : new UserError(message.code, message.message);
        void thread.terminate();
      } else {
        const running = this.#settle(message.id);
        events.onRoom();
        if (message.type === 'done') running?.resolve(message.result);
        else if (isRefusalCode(message.code) && message.code !== 'internal') running?.reject(new ServiceError(message.code, message.message));
        else running?.reject(Object.assign(new Error(message.message), { stack: message.stack }));
      }
    });
    thread.on('error', (error) => {
      failure = error;
    });
    thread.on('exit', (code) => {
      this.#exited = true;
      if (this.#ended) return;
      const wasReady = this.#ready;
      this.#end();
      events.onEnd(failure ?? new Error(`exit code ${code}`), wasReady);
    });
  }

  get ready(): boolean {
    return this.#ready;
  }

  /** The sum of the loads of its jobs. */
  get load(): number {
    return this.#load;
  }

  /** Jobs it has. */
  get jobs(): number {
    return this.#running.size;
  }

  /** Jobs of that load it has. */
  jobsOf(load: number): number {
    return this.#byLoad.get(load) ?? 0;
  }

  /** When its oldest job began, by `performance.now()`. */
  get oldestStarted(): number | undefined {
    const [oldest] = this.#running.values();
    return oldest?.started;
  }

  send(job: Job, load: number, receiver: Receiver): void {
    const id = this.#nextId++;
    this.#running.set(id, { started: performance.now(), load, resolve: receiver.resolve, reject: receiver.reject });
    this.#count(load, 1);
    const { job: own, transfer } = withOwnMemory(job);
    this.#thread.postMessage({ id, job: own }, transfer);
  }

  /**
   * Refuses its jobs and asks the thread to end, without an event. A thread that is ended from outside while ONNX Runtime computes
   * can take the whole process along, so that is for one that does not go within `patienceMs`.
   */
  async leave(patienceMs: number): Promise<void> {
    this.#end();
    if (this.#exited) return;
    const gone = new Promise<void>((resolve) => this.#thread.on('exit', () => resolve()));
    this.#thread.postMessage('leave');
    const late = new AbortController();
    const patience = setTimeout(patienceMs, 'late', { ref: false, signal: late.signal }).catch(() => {});
    if ((await Promise.race([gone, patience])) === 'late') await this.#thread.terminate();
    late.abort();
  }

  #settle(id: number): Running | undefined {
    const running = this.#running.get(id);
    if (!running) return undefined;
    this.#running.delete(id);
    this.#count(running.load, -1);
    return running;
  }

  #count(load: number, jobs: 1 | -1): void {
    this.#load += jobs * load;
    this.#byLoad.set(load, this.jobsOf(load) + jobs);
  }

  #end(): void {
    this.#ended = true;
    this.#ready = false;
    for (const running of this.#running.values()) {
      running.reject(new ServiceError('worker-lost', 'the worker that had this image ended; another takes its place, so try again', { retryAfterS: 2 }));
    }
    this.#running.clear();
    this.#byLoad.clear();
    this.#load = 0;
  }
}
