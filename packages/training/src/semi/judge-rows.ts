/** What several models together say of some rows, with a confidence that means what it says. */
import type { Split } from '@mien/data';
import { fitTemperature, headsOfCard, predictSplit, probabilities } from '@mien/evaluation';
import type { CreateSession } from '@mien/onnx';
import { readCard } from '@mien/runtime';

export interface JudgeOptions {
  /** Models with their names, one at least. */
  readonly models: readonly { readonly bytes: Uint8Array; readonly file: string }[];
  readonly createSession: CreateSession;
  readonly split: Split;
  /** Rows of the split; default: all. */
  readonly rows?: Uint32Array | undefined;
  /** Ask about the mirror image too. */
  readonly flip: boolean;
  readonly threads?: number | undefined;
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

/** Mean over the models of their probabilities [N,K], each at the temperature of its card. Throws `UserError` `label-mismatch`. */
export async function judgeRows({ models, split, rows, flip, threads, createSession, onProgress }: JudgeOptions): Promise<Float32Array> {
  const count = rows?.length ?? split.count;
  const K = split.labelNames.length;
  const mean = new Float32Array(count * K);
  for (const [m, { bytes, file }] of models.entries()) {
    const { logits } = await predictSplit({
      model: bytes,
      file,
      createSession,
      split,
      flip,
      ...(rows ? { rows } : {}),
      ...(threads ? { threads } : {}),
      onProgress: (done) => onProgress?.(m * count + done, models.length * count),
    });
    // The head that `predictSplit` has asked.
    const head = headsOfCard(readCard(bytes, file)).find(({ labels }) => labels.join() === split.labelNames.join())!;
    const p = probabilities(logits, K, head.temperature);
    for (let i = 0; i < p.length; i++) mean[i] = mean[i]! + p[i]! / models.length;
  }
  return mean;
}

/** Logarithms of probabilities: logits of the same softmax. */
function logitsOf(p: Float32Array): Float32Array {
  return p.map((v) => Math.log(Math.max(v, 1e-12)));
}

/** The temperature at which probabilities p [N,K] are most honest about `truth` [N] (Guo et al. 2017), fitted on rows that are not judged by it. */
export function calibrate(p: Float32Array, truth: ArrayLike<number>, classes: number): number {
  return fitTemperature(logitsOf(p), truth, classes);
}

/** Probabilities at a temperature: p^(1/T), scaled to sum to 1. */
export function atTemperature(p: Float32Array, classes: number, temperature: number): Float32Array {
  return temperature === 1 ? p : probabilities(logitsOf(p), classes, temperature);
}
