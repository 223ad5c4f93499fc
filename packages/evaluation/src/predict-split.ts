/** A model's outputs over the rows of a split, by the model's own card: the same preprocessing as on photographs. */
import { type CreateSession, tensor } from '@mien/onnx';
import type { Split } from '@mien/data';
import { type Image, Preprocessor, readCard, UserError, wholeSquare } from '@mien/runtime';

export interface PredictOptions {
  readonly model: Uint8Array;
  /** Name of the model, for messages. */
  readonly file: string;
  readonly createSession: CreateSession;
  readonly split: Split;
  /** Rows within the split; default: all of them, in order. */
  readonly rows?: ArrayLike<number>;
  readonly batch?: number;
  readonly threads?: number;
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

/** Stored images are planar, pictures are interleaved. */
function toImage(pixels: Uint8Array, channels: number, height: number, width: number): Image {
  if (channels === 1) return { width, height, channels: 1, data: pixels };
  const data = new Uint8Array(pixels.length);
  const plane = height * width;
  for (let i = 0; i < plane; i++) for (let c = 0; c < channels; c++) data[i * channels + c] = pixels[c * plane + i]!;
  return { width, height, channels: channels as 3, data };
}

/** Logits [N,K] of the chosen rows. Throws `UserError` when the model's labels are not the store's. */
export async function predictSplit(options: PredictOptions): Promise<{ logits: Float32Array; labels: readonly string[] }> {
  const { split, file } = options;
  const card = readCard(options.model, file);
  const K = card.labels.length;
  if (card.labels.join() !== split.labelNames.join()) {
    throw new UserError('label-mismatch', `${file}: the model tells apart ${card.labels.join(', ')}; the data is labelled ${split.labelNames.join(', ')}`);
  }
  const rows = options.rows ?? Uint32Array.from({ length: split.count }, (_, i) => i);
  const batch = options.batch ?? 64;
  const { channels, height, width } = split.image;
  const preprocessor = new Preprocessor(card.preprocessing);
  const session = await options.createSession(options.model, options.threads ? { threads: options.threads } : {});
  try {
    const logits = new Float32Array(rows.length * K);
    const pixels = new Uint8Array(batch * split.imageBytes);
    const square = wholeSquare({ width, height });
    for (let at = 0; at < rows.length; at += batch) {
      options.signal?.throwIfAborted();
      const count = Math.min(batch, rows.length - at);
      await split.gatherImages(Array.prototype.slice.call(rows, at, at + count) as number[], pixels);
      const input = new Float32Array(count * preprocessor.size);
      for (let i = 0; i < count; i++) {
        const image = toImage(pixels.subarray(i * split.imageBytes, (i + 1) * split.imageBytes), channels, height, width);
        preprocessor.write(image, square, input, i * preprocessor.size);
      }
      const feeds = { [card.preprocessing.input.name]: tensor.float32(input, [count, ...card.preprocessing.input.shape]) };
      const result = await session.run(feeds, [card.output.name]);
      logits.set(result[card.output.name]!.data as Float32Array, at * K);
      options.onProgress?.(at + count, rows.length);
    }
    return { logits, labels: card.labels };
  } finally {
    await session.release();
  }
}
