/** The page's end of the worker. */
import { UserError } from '@mien/runtime';
import type { FromWorker, Recordings, Task, TaskResults, ToWorker } from './messages.ts';

interface Pending {
  readonly resolve: (result: never) => void;
  readonly reject: (error: Error) => void;
  readonly onProgress: ((done: number, total: number) => void) | undefined;
}

/** What a stream hears: results of its frames, or why one failed. */
export interface StreamListener {
  faces(message: Extract<FromWorker, { kind: 'faces' }>): void;
  failed(error: Error): void;
}

export class WorkerClient {
  /** Told when the worker's graphics device is lost. */
  onDeviceLost: ((reason: UserError, recordings: Recordings) => void) | undefined;
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  readonly #streams = new Map<number, StreamListener>();
  #lastId = 0;
  #dead: UserError | undefined;

  constructor(worker: Worker) {
    this.#worker = worker;
    worker.addEventListener('message', ({ data }: MessageEvent<FromWorker>) => this.#hear(data));
    worker.addEventListener('error', (event) => {
      event.preventDefault();
      const reason = event.message || 'its script could not be loaded';
      this.#die(new UserError('worker-crashed', `the recognition worker stopped (${reason}); open Mien again`));
    });
  }

  /** Hands the worker a task; `transfer` lists what it takes over. Rejects with `UserError`. */
  run<T extends Task>(
    task: T,
    options: { transfer?: Transferable[]; onProgress?: (done: number, total: number) => void } = {},
  ): Promise<TaskResults[T['kind']]> {
    if (this.#dead) return Promise.reject(this.#dead);
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject, onProgress: options.onProgress });
      this.#worker.postMessage({ kind: 'task', id, task } satisfies ToWorker, options.transfer ?? []);
    });
  }

  listen(stream: number, listener: StreamListener): void {
    this.#streams.set(stream, listener);
    // Later, as everything else that is heard: whoever asked is not ready to hear it yet.
    if (this.#dead) queueMicrotask(() => this.#streams.get(stream)?.failed(this.#dead!));
  }

  sendFrame(stream: number, frame: VideoFrame | ImageBitmap, time: number, restart: boolean): void {
    this.#worker.postMessage({ kind: 'frame', stream, frame, time, restart } satisfies ToWorker, [frame]);
  }

  unlisten(stream: number): void {
    this.#streams.delete(stream);
    if (!this.#dead) this.#worker.postMessage({ kind: 'unwatch', stream } satisfies ToWorker);
  }

  /** Ends the worker at once; what is under way is rejected with `reason`. */
  close(reason = new UserError('closed', 'Mien was closed')): void {
    this.#worker.terminate();
    this.#die(reason);
  }

  #hear(message: FromWorker): void {
    if (message.kind === 'ready') return;
    if (message.kind === 'device-lost') this.onDeviceLost?.(new UserError('webgpu-lost', message.message), message.recordings);
    else if (message.kind === 'faces') this.#streams.get(message.stream)?.faces(message);
    else if (message.kind === 'frame-failed') this.#streams.get(message.stream)?.failed(new UserError(message.code, message.message));
    else {
      const pending = this.#pending.get(message.id);
      if (message.kind === 'progress') {
        pending?.onProgress?.(message.done, message.total);
        return;
      }
      this.#pending.delete(message.id);
      if (message.kind === 'done') pending?.resolve(message.result as never);
      else pending?.reject(new UserError(message.code, message.message));
    }
  }

  #die(reason: UserError): void {
    if (this.#dead) return;
    this.#dead = reason;
    for (const { reject } of this.#pending.values()) reject(reason);
    this.#pending.clear();
    for (const listener of this.#streams.values()) listener.failed(reason);
  }
}
