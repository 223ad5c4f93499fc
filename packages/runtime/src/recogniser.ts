/** Runs an expression model on faces, exactly as its card says. */
import { type CreateSession, type Session, type SessionOptions, type TensorValue, tensor } from '@mien/onnx';
import { type ModelCard, readCard } from './card.ts';
import { cropSquare, levelSquare, wholeSquare } from './crop-geometry.ts';
import { UserError } from './error.ts';
import type { Box, Image } from './image.ts';
import type { LandmarkFinder } from './landmarks/landmark-finder.ts';
import { landmarkFeatureCount, writeLandmarkFeatures } from './landmarks/landmark-features.ts';
import { landmarkUse } from './landmarks/landmark-use.ts';
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
  /** Opens the landmark network; called only for a model whose card asks for a face's points. It is released with the recogniser. */
  readonly landmarks?: () => Promise<LandmarkFinder>;
}

/** Faces in one run of the network: larger batches gain nothing and hold more memory. */
const largestBatch = 32;

class SessionRecogniser implements Recogniser {
  readonly card: ModelCard;
  readonly #session: Session;
  readonly #preprocessor: Preprocessor;
  readonly #extraOutputs: readonly string[];
  readonly #landmarks: LandmarkFinder | undefined;

  constructor(card: ModelCard, session: Session, extraOutputs: readonly string[], landmarks: LandmarkFinder | undefined) {
    this.card = card;
    this.#landmarks = landmarks;
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
      // Without landmarks nothing is awaited before the run, so that runs asked for together can be batched.
      const points = this.#landmarks ? await this.#landmarks.find(image, batch) : undefined;
      const size = this.#preprocessor.size;
      const input = new Float32Array(batch.length * size);
      for (const [n, square] of batch.entries()) {
        const seen = points && preprocessing.crop.align === 'eyes-level' ? levelSquare(square, points[n]!) : square;
        this.#preprocessor.write(image, seen, input, n * size);
      }
      results.push(...(await this.#run(input, batch.length, points)));
    }
    return results;
  }

  /** input [N,C,H,W]; points of each face, where the card asks for them. */
  async #run(input: Float32Array, n: number, points: readonly Float32Array[] | undefined): Promise<Recognition[]> {
    const { labels, output, preprocessing, landmarks } = this.card;
    const feeds: Record<string, TensorValue> = { [preprocessing.input.name]: tensor.float32(input, [n, ...preprocessing.input.shape]) };
    if (landmarks) {
      const features = new Float32Array(n * landmarkFeatureCount);
      for (const [i, face] of points!.entries()) writeLandmarkFeatures(face, features, i * landmarkFeatureCount);
      feeds[landmarks.name] = tensor.float32(features, [n, landmarkFeatureCount]);
    }
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
    await Promise.all([this.#session.release(), this.#landmarks?.release()]);
  }
}

/** Row i of an output [N,…]; a copy, because ONNX Runtime may use the memory again. */
function rowOf({ shape, data }: TensorValue, i: number): ExtraOutput {
  const size = data.length / shape[0]!;
  return { shape: shape.slice(1), data: (data as Float32Array).slice(i * size, (i + 1) * size) };
}

/**
 * Opens an expression model. Throws `UserError`: those of `readCard`, `bad-model` when the network cannot be
 * loaded or has other inputs and outputs than its card says, `needs-landmarks` when it asks for points and no
 * landmark network was given.
 */
export async function loadRecogniser({
  model,
  createSession,
  file = 'the model',
  threads,
  session: options,
  extraOutputs = [],
  landmarks,
}: LoadRecogniserOptions): Promise<Recogniser> {
  const card = readCard(model, file);
  const use = landmarkUse(card);
  if (use && !landmarks)
    throw new UserError('needs-landmarks', `${file}: the model ${use}; open it where the landmark network (face-landmarks.onnx) is at hand`);
  let session: Session;
  try {
    session = await createSession(model, { ...options, ...(threads ? { threads } : {}) });
  } catch (cause) {
    throw new UserError('bad-model', `${file}: ONNX Runtime cannot load this model (${(cause as Error).message})`, { cause });
  }
  const { input } = card.preprocessing;
  const inputs = [input.name, ...(card.landmarks ? [card.landmarks.name] : [])];
  if (!inputs.every((name) => session.inputNames.includes(name)) || !session.outputNames.includes(card.output.name)) {
    await session.release();
    throw new UserError(
      'bad-model',
      `${file}: the card names input ${inputs.join(' and ')} and output ${card.output.name}, the network has ${session.inputNames.join(', ')} and ${session.outputNames.join(', ')}`,
    );
  }
  const missing = extraOutputs.filter((name) => !session.outputNames.includes(name));
  if (missing.length > 0) {
    await session.release();
    throw new UserError('bad-model', `${file}: the network has no output ${missing.join(', ')}, only ${session.outputNames.join(', ')}`);
  }
  try {
    return new SessionRecogniser(card, session, extraOutputs, use ? await landmarks!() : undefined);
  } catch (error) {
    await session.release();
    throw error;
  }
}
