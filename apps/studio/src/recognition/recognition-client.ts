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

  constructor(worker: WorkerLike) {
    this.#worker = worker;
    worker.addEventListener('message', (event) => this.#hear((event as MessageEvent<WorkerMessage>).data));
    worker.addEventListener('error', (event) => this.#failAll((event as ErrorEvent).message || 'the recognition worker stopped'));
  }

  /** Hands the worker a task. The promise fails with `RecognitionError`. */
  run<T extends Task>(task: T, onProgress: (progress: Progress) => void): Promise<TaskResults[T['kind']]> {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { onProgress, resolve, reject });
      this.#worker.postMessage({ id, task } satisfies TaskMessage);
    });
  }

  /** Ends the worker at once; what is under way is rejected. */
  close(): void {
    this.#worker.terminate();
    this.#failAll('the recognition worker was ended');
  }

  #hear(message: WorkerMessage): void {
    const pending = this.#pending.get(message.id);
    if (!pending) return;
    if (message.kind !== 'progress') this.#pending.delete(message.id);
    if (message.kind === 'progress') pending.onProgress(message.progress);
    else if (message.kind === 'done') pending.resolve(message.result as never);
    else pending.reject(new RecognitionError(message.code, message.message));
  }

  #failAll(message: string): void {
    for (const { reject } of this.#pending.values()) reject(new RecognitionError('internal', message));
    this.#pending.clear();
  }
}

export function startRecognition(): RecognitionClient {
  return new RecognitionClient(new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' }));
}
