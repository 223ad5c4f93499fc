/** Micro-batching: runs of one network that are asked for at about the same time become one run. */
import { type Feeds, type Session, type TensorValue, tensor } from '@mien/onnx';

export interface BatchingOptions {
  /** Rows in one run. */
  readonly largestBatch: number;
  /** How long a row waits for others. */
  readonly longestWaitMs: number;
  /** Whether more rows are on their way; where none are, nothing waits. */
  readonly moreExpected: () => boolean;
  /** Called with the rows of each run. */
  readonly onRun?: (rows: number) => void;
}

export interface BatchingSession extends Session {
  /** Resolves when no row waits: work that blocks the thread should not begin before. */
  settled(): Promise<void>;
}

interface Waiting {
  readonly rows: number;
  readonly data: Float32Array;
  readonly resolve: (outputs: Record<string, TensorValue>) => void;
  readonly reject: (error: unknown) => void;
}

class Batcher implements BatchingSession {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  readonly bind: Session['bind'];
  readonly #session: Session;
  readonly #options: BatchingOptions;
  #waiting: Waiting[] = [];
  #running = false;
  #timer: NodeJS.Timeout | NodeJS.Immediate | undefined;
  #timerIsImmediate = false;
  /** The same at every call: one network, used in one way. */
  #rowShape: readonly number[] = [];
  #fetches: readonly string[] = [];
  #settled: (() => void)[] = [];

  constructor(session: Session, options: BatchingOptions) {
    this.#session = session;
    this.#options = options;
    this.inputNames = session.inputNames;
    this.outputNames = session.outputNames;
    this.bind = session.bind.bind(session);
  }

  /** `feeds`: one float32 tensor [n, …]; `fetches`: names. Rows of one shape and the same names at every call. */
  run(feeds: Feeds, fetches: Parameters<Session['run']>[1] = this.outputNames): Promise<Record<string, TensorValue>> {
    if (!Array.isArray(fetches)) throw new RangeError('a batching session allocates its outputs itself: name them');
    const input = feeds[this.inputNames[0]!]!;
    this.#rowShape = input.shape.slice(1);
    this.#fetches = fetches;
    return new Promise((resolve, reject) => {
      this.#waiting.push({ rows: input.shape[0]!, data: input.data as Float32Array, resolve, reject });
      this.#schedule();
    });
  }

  settled(): Promise<void> {
    if (this.#waiting.length === 0 && !this.#running) return Promise.resolve();
    return new Promise((resolve) => this.#settled.push(resolve));
  }

  release(): Promise<void> {
    return this.#session.release();
  }

  #schedule(): void {
    if (this.#running) return;
    const rows = this.#waiting.reduce((sum, entry) => sum + entry.rows, 0);
    const atOnce = rows >= this.#options.largestBatch || !this.#options.moreExpected();
    if (this.#timer !== undefined) {
      if (!atOnce || this.#timerIsImmediate) return;
      clearTimeout(this.#timer as NodeJS.Timeout);
    }
    this.#timerIsImmediate = atOnce;
    // Not at once after all: what other requests have ready in this turn of the event loop joins.
    this.#timer = atOnce ? setImmediate(() => this.#start()) : setTimeout(() => this.#start(), this.#options.longestWaitMs);
  }

  /** The oldest entries that fit one run; at least one. */
  #take(): Waiting[] {
    let rows = 0;
    let count = 0;
    for (const entry of this.#waiting) {
      if (count > 0 && rows + entry.rows > this.#options.largestBatch) break;
      rows += entry.rows;
      count++;
    }
    return this.#waiting.splice(0, count);
  }

  async #start(): Promise<void> {
    this.#timer = undefined;
    const batch = this.#take();
    this.#running = true;
    try {
      const outputs = await this.#runTogether(batch);
      for (const [i, entry] of batch.entries()) entry.resolve(outputs[i]!);
    } catch (error) {
      for (const entry of batch) entry.reject(error);
    }
    this.#running = false;
    if (this.#waiting.length > 0) this.#schedule();
    else for (const resolve of this.#settled.splice(0)) resolve();
  }

  async #runTogether(batch: readonly Waiting[]): Promise<Record<string, TensorValue>[]> {
    const rows = batch.reduce((sum, entry) => sum + entry.rows, 0);
    const rowSize = this.#rowShape.reduce((product, dim) => product * dim, 1);
    const input = batch.length === 1 ? batch[0]!.data : new Float32Array(rows * rowSize);
    let at = 0;
    if (batch.length > 1) {
      for (const { data } of batch) {
        input.set(data, at);
        at += data.length;
      }
    }
    const outputs = await this.#session.run({ [this.inputNames[0]!]: tensor.float32(input, [rows, ...this.#rowShape]) }, this.#fetches);
    this.#options.onRun?.(rows);
    let from = 0;
    return batch.map((entry) => {
      const first = from;
      from += entry.rows;
      return Object.fromEntries(
        Object.entries(outputs).map(([name, { data, shape }]) => {
          const size = data.length / rows;
          return [name, tensor.float32((data as Float32Array).subarray(first * size, from * size), [entry.rows, ...shape.slice(1)])];
        }),
      );
    });
  }
}

/** Wraps a session of one float32 input and float32 outputs, the first axis of all of them being N and symbolic. */
export function batchingSession(session: Session, options: BatchingOptions): BatchingSession {
  return new Batcher(session, options);
}
