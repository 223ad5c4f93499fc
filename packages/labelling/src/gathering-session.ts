/** A session that gathers runs of one network and does them together: faces of many pictures in one batch. */
import { type CreateSession, type Session, type TensorValue, tensor } from '@mien/onnx';

interface Waiting {
  readonly rows: number;
  readonly data: Float32Array;
  readonly resolve: (outputs: Record<string, TensorValue>) => void;
  readonly reject: (error: unknown) => void;
}

/** Wraps a `CreateSession` whose session has one float32 input and float32 outputs, axis N first. */
export class GatheringSession {
  #session: Session | undefined;
  #waiting: Waiting[] = [];
  #rowShape: readonly number[] = [];
  #fetches: readonly string[] = [];
  #arrived: (() => void)[] = [];

  /** Rows that wait for `flush`. */
  get rows(): number {
    return this.#waiting.reduce((sum, { rows }) => sum + rows, 0);
  }

  /** Resolves at the next call of `run`. */
  nextArrival(): Promise<void> {
    return new Promise((resolve) => this.#arrived.push(resolve));
  }

  /** Opens the session whose runs wait for `flush`. */
  readonly create =
    (createSession: CreateSession): CreateSession =>
    async (model, options) => {
      const session = await createSession(model, options);
      this.#session = session;
      return {
        inputNames: session.inputNames,
        outputNames: session.outputNames,
        bind: session.bind.bind(session),
        release: () => session.release(),
        run: (feeds, fetches = session.outputNames) => {
          if (!Array.isArray(fetches)) throw new RangeError('a gathering session allocates its outputs itself: name them');
          const input = feeds[session.inputNames[0]!]!;
          this.#rowShape = input.shape.slice(1);
          this.#fetches = fetches as readonly string[];
          for (const resolve of this.#arrived.splice(0)) resolve();
          return new Promise((resolve, reject) => this.#waiting.push({ rows: input.shape[0]!, data: input.data as Float32Array, resolve, reject }));
        },
      };
    };

  /** Runs the oldest entries that make up `rows` rows or the first to pass it, as one. */
  async flush(rows: number): Promise<void> {
    let taken = 0;
    let total = 0;
    while (taken < this.#waiting.length && total < rows) total += this.#waiting[taken++]!.rows;
    if (taken === 0) return;
    const batch = this.#waiting.splice(0, taken);
    const session = this.#session!;
    try {
      const rowSize = batch[0]!.data.length / batch[0]!.rows;
      const input = new Float32Array(total * rowSize);
      let at = 0;
      for (const { data } of batch) {
        input.set(data, at);
        at += data.length;
      }
      const outputs = await session.run({ [session.inputNames[0]!]: tensor.float32(input, [total, ...this.#rowShape]) }, this.#fetches);
      let from = 0;
      for (const entry of batch) {
        entry.resolve(rowsOf(outputs, from, entry.rows, total));
        from += entry.rows;
      }
    } catch (error) {
      for (const entry of batch) entry.reject(error);
    }
  }
}

function rowsOf(outputs: Record<string, TensorValue>, from: number, rows: number, total: number): Record<string, TensorValue> {
  return Object.fromEntries(
    Object.entries(outputs).map(([name, { data, shape }]) => {
      const size = data.length / total;
      return [name, tensor.float32((data as Float32Array).subarray(from * size, (from + rows) * size), [rows, ...shape.slice(1)])];
    }),
  );
}
