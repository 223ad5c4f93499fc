/** A model's guesses for rows of a split, in the background of a server. */
import { setTimeout } from 'node:timers/promises';
import type { Split } from '@mien/data';
import type { Session } from '@mien/onnx';
import { softmax } from '@mien/runtime';
import { readModelFile } from '../find-model.ts';

/** Rows judged together. ONNX Runtime holds the whole process meanwhile, so few, and then the server's turn. */
const judgedAtOnce = 16;
const serversTurnMs = 20;

export interface JudgedRow {
  /** Row within the split. */
  readonly row: number;
  /** Index into the split's labels. */
  readonly guess: number;
  /** Probability of the guess, 0…1. */
  readonly confidence: number;
}

/** The rows of `parts`, some at a time, in order. Throws `UserError` as `predictSplit`, and when `signal` says so. */
export async function* judgeRows(
  file: string,
  parts: readonly { readonly split: Split; readonly rows: ArrayLike<number> }[],
  signal: AbortSignal,
): AsyncGenerator<{ readonly split: Split; readonly judged: readonly JudgedRow[] }> {
  const [{ createSession }, { predictSplit }] = await Promise.all([import('@mien/onnx/node'), import('@mien/evaluation')]);
  const model = readModelFile(file);
  const session = await createSession(model, { threads: 1 });
  const { run, bind, ...names } = session;
  // One session for all batches.
  const borrowed: Session = { ...names, run: run.bind(session), bind: bind.bind(session), release: async () => {} };
  try {
    for (const { split, rows } of parts) {
      for (let at = 0; at < rows.length; at += judgedAtOnce) {
        const some = Uint32Array.from({ length: Math.min(judgedAtOnce, rows.length - at) }, (_, i) => rows[at + i]!);
        const predicted = await predictSplit({ model, file, createSession: async () => borrowed, split, rows: some, batch: judgedAtOnce, signal });
        const K = predicted.labels.length;
        const judged = Array.from(some, (row, i): JudgedRow => {
          const p = softmax(predicted.logits.subarray(i * K, (i + 1) * K), predicted.temperature);
          const guess = p.indexOf(Math.max(...p));
          return { row, guess, confidence: p[guess]! };
        });
        yield { split, judged };
        await setTimeout(serversTurnMs);
      }
    }
  } finally {
    await session.release();
  }
}
