/** The page's end of the recognition worker. */
import type { Progress, Task, TaskMessage, TaskResults, WorkerMessage } from './messages.ts';

/** Why a task failed; `code` as in `UserError`, `internal` for a bug. */
export class RecognitionError extends Error {
  override readonly name = 'RecognitionError';
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** The part of `Worker` that is used; tests give their own. */
export type WorkerLike = Pick<Worker, 'postMessage' | 'addEventListener' | 'terminate'>;

interface Pending {
  readonly onProgress: (progress: Progress) => void;
  readonly resolve: (result: never) => void;
  readonly reject: (error: RecognitionError) => void;
}

export class RecognitionClient {
  readonly #worker: WorkerLike;
  readonly #pending = new Map<number, Pending>();
  #lastId = 0;
  /** Why the worker takes no tasks any more. */
  #ended: string | undefined;

  /** `onCrash`: the worker stopped by itself; a new one is needed. */
  constructor(worker: WorkerLike, onCrash?: (message: string) => void) {
    this.#worker = worker;
    worker.addEventListener('message', (event) => this.#hear((event as MessageEvent<WorkerMessage>).data));
    worker.addEventListener('error', (event) => {
      if (this.ended) return;
      const message = (event as ErrorEvent).message || 'the recognition worker stopped';
      this.#end(message);
      onCrash?.(message);
    });
  }

  /** Whether tasks fail from now on. */
  get ended(): boolean {
    return this.#ended !== undefined;
  }

  /** Hands the worker a task. The promise fails with `RecognitionError`. */
  run<T extends Task>(task: T, onProgress: (progress: Progress) => void): Promise<TaskResults[T['kind']]> {
    if (this.#ended !== undefined) return Promise.reject(new RecognitionError('internal', this.#ended));
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { onProgress, resolve, reject });
      this.#worker.postMessage({ id, task } satisfies TaskMessage);
    });
  }

  /** Ends the worker at once; what is under way is rejected. */
  close(): void {
    this.#end('the recognition worker was ended');
  }

  #hear(message: WorkerMessage): void {
    const pending = this.#pending.get(message.id);
    if (!pending) return;
    if (message.kind !== 'progress') this.#pending.delete(message.id);
    if (message.kind === 'progress') pending.onProgress(message.progress);
    else if (message.kind === 'done') pending.resolve(message.result as never);
    else pending.reject(new RecognitionError(message.code, message.message));
  }

  #end(message: string): void {
    this.#ended = message;
    this.#worker.terminate();
    for (const { reject } of this.#pending.values()) reject(new RecognitionError('internal', message));
    this.#pending.clear();
  }
}

export function startRecognition(onCrash?: (message: string) => void): RecognitionClient {
  return new RecognitionClient(new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' }), onCrash);
}
