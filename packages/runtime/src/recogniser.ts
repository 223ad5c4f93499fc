/** Runs an expression model on faces, exactly as its card says. */
import { type CreateSession, type Session, type SessionOptions, type TensorValue, tensor } from '@mien/onnx';
import { type ModelCard, readCard } from './card.ts';
import { cropSquare, wholeSquare } from './crop-geometry.ts';
import { UserError } from './error.ts';
import type { Box, Image } from './image.ts';
import { Preprocessor } from './preprocess.ts';
import { softmax } from './softmax.ts';

export interface Recognition {
  /** The label with the highest probability; of equals, the first of the card's order. */
  readonly expression: string;
  /** One entry a label of the card, in its order; they sum to 1. */
  readonly probabilities: Readonly<Record<string, number>>;
  /** The network's outputs before temperature and softmax, in the card's order. */
  readonly logits: Float32Array;
  /** The part of each extra output that belongs to this face, by name; absent where none was asked for. */
  readonly extra?: Readonly<Record<string, ExtraOutput>>;
}

/** One face's part of an output besides the logits, as the features under the last layer. */
export interface ExtraOutput {
  /** Without the batch. */
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

export interface Recogniser {
  readonly card: ModelCard;
  /** One result a box, in the boxes' order. `'whole'` takes the picture itself as the crop (its largest centred square). */
  recognise(image: Image, faces: readonly Box[] | 'whole'): Promise<Recognition[]>;
  /** Frees the session. The recogniser cannot be used afterwards. */
  release(): Promise<void>;
}

export interface LoadRecogniserOptions {
  /** The bytes of an `.onnx` file that carries a card. */
  readonly model: Uint8Array;
  readonly createSession: CreateSession;
  /** The file's name, for messages. */
  readonly file?: string;
  /** Threads inside one operator; default: that of the session's implementation. */
  readonly threads?: number;
  readonly session?: SessionOptions;
  /** Outputs of the network, [N,…] float32, that come with each recognition besides the logits. */
  readonly extraOutputs?: readonly string[];
}

/** Faces in one run of the network: larger batches gain nothing and hold more memory. */
const largestBatch = 32;

class SessionRecogniser implements Recogniser {
  readonly card: ModelCard;
  readonly #session: Session;
  readonly #preprocessor: Preprocessor;
  readonly #extraOutputs: readonly string[];

  constructor(card: ModelCard, session: Session, extraOutputs: readonly string[]) {
    this.card = card;
    this.#session = session;
    this.#extraOutputs = extraOutputs;
    this.#preprocessor = new Preprocessor(card.preprocessing);
  }

  async recognise(image: Image, faces: readonly Box[] | 'whole'): Promise<Recognition[]> {
    const { preprocessing } = this.card;
    const squares = faces === 'whole' ? [wholeSquare(image)] : faces.map((box) => cropSquare(box, preprocessing.crop));
    const results: Recognition[] = [];
    for (let from = 0; from < squares.length; from += largestBatch) {
      const batch = squares.slice(from, from + largestBatch);
      const size = this.#preprocessor.size;
      const input = new Float32Array(batch.length * size);
      for (const [n, square] of batch.entries()) this.#preprocessor.write(image, square, input, n * size);
      results.push(...(await this.#run(input, batch.length)));
    }
    return results;
  }

  /** input [N,C,H,W] */
  async #run(input: Float32Array, n: number): Promise<Recognition[]> {
    const { labels, output, preprocessing } = this.card;
    const feeds = { [preprocessing.input.name]: tensor.float32(input, [n, ...preprocessing.input.shape]) };
    const outputs = await this.#session.run(feeds, [output.name, ...this.#extraOutputs]);
    const logits = outputs[output.name]!.data as Float32Array; // [N,K]
    const k = labels.length;
    if (logits.length !== n * k)
      throw new UserError('bad-model', `${this.card.name}: the card names ${k} labels, the network gives ${logits.length / n} values a face`);
    return Array.from({ length: n }, (_, i) => {
      const row = logits.slice(i * k, (i + 1) * k);
      const p = softmax(row, output.temperature);
      let best = 0;
      for (let j = 1; j < k; j++) if (p[j]! > p[best]!) best = j;
      const recognition = { expression: labels[best]!, probabilities: Object.fromEntries(labels.map((label, j) => [label, p[j]!])), logits: row };
      if (this.#extraOutputs.length === 0) return recognition;
      return { ...recognition, extra: Object.fromEntries(this.#extraOutputs.map((name) => [name, rowOf(outputs[name]!, i)])) };
    });
  }

  async release(): Promise<void> {
    await this.#session.release();
  }
}

/** Row i of an output [N,…]; a copy, because ONNX Runtime may use the memory again. */
function rowOf({ shape, data }: TensorValue, i: number): ExtraOutput {
  const size = data.length / shape[0]!;
  return { shape: shape.slice(1), data: (data as Float32Array).slice(i * size, (i + 1) * size) };
}

/**
 * Opens an expression model. Throws `UserError`: those of `readCard`, and `bad-model` when the network cannot be
 * loaded or has other inputs and outputs than its card says.
 */
export async function loadRecogniser({
  model,
  createSession,
  file = 'the model',
  threads,
  session: options,
  extraOutputs = [],
}: LoadRecogniserOptions): Promise<Recogniser> {
  const card = readCard(model, file);
  let session: Session;
  try {
    session = await createSession(model, { ...options, ...(threads ? { threads } : {}) });
  } catch (cause) {
    throw new UserError('bad-model', `${file}: ONNX Runtime cannot load this model (${(cause as Error).message})`, { cause });
  }
  const { input } = card.preprocessing;
  if (!session.inputNames.includes(input.name) || !session.outputNames.includes(card.output.name)) {
    await session.release();
    throw new UserError(
      'bad-model',
      `${file}: the card names input ${input.name} and output ${card.output.name}, the network has ${session.inputNames.join(', ')} and ${session.outputNames.join(', ')}`,
    );
  }
  const missing = extraOutputs.filter((name) => !session.outputNames.includes(name));
  if (missing.length > 0) {
    await session.release();
    throw new UserError('bad-model', `${file}: the network has no output ${missing.join(', ')}, only ${session.outputNames.join(', ')}`);
  }
  return new SessionRecogniser(card, session, extraOutputs);
}
