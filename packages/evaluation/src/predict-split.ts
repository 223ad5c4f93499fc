/** A model's outputs over the rows of a split, by the model's own card: the same preprocessing as on photographs. */
import { type CreateSession, tensor } from '@mien/onnx';
import { pointsOfRow, type Split, type SplitLandmarks, splitLandmarks } from '@mien/data';
import { type CardHead, headsOfCard } from './card-heads.ts';
import {
  type FaceSquare,
  type Image,
  landmarkFeatureCount,
  mirrorFace,
  type ModelCard,
  Preprocessor,
  readCard,
  refuseLandmarkUse,
  UserError,
  wholeSquare,
  writeLandmarkFeatures,
} from '@mien/runtime';

export interface PredictOptions {
  readonly model: Uint8Array;
  /** Name of the model, for messages. */
  readonly file: string;
  readonly createSession: CreateSession;
  readonly split: Split;
  /** Rows within the split; default: all of them, in order. */
  readonly rows?: ArrayLike<number>;
  /** A head of the card by name, as `votes`; default: the one of the data's labels. */
  readonly head?: string;
  /** Mean of the logits of each image and its mirror image. */
  readonly flip?: boolean;
  /** Changes a row's image [C,H,W], 0…255, in place before it is preprocessed, as a corruption does. */
  readonly alter?: (pixels: Uint8Array, row: number) => void | Promise<void>;
  readonly batch?: number;
  readonly threads?: number;
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

/** Stored images are planar, pictures are interleaved. */
export function toImage(pixels: Uint8Array, channels: number, height: number, width: number): Image {
  if (channels === 1) return { width, height, channels: 1, data: pixels };
  const data = new Uint8Array(pixels.length);
  const plane = height * width;
  for (let i = 0; i < plane; i++) for (let c = 0; c < channels; c++) data[i * channels + c] = pixels[c * plane + i]!;
  return { width, height, channels: channels as 3, data };
}

/** Mirrors images [N,C,H,W] left and right, into a new array. */
function mirrored(images: Float32Array, width: number): Float32Array {
  const out = new Float32Array(images.length);
  for (let row = 0; row < images.length; row += width) for (let x = 0; x < width; x++) out[row + x] = images[row + width - 1 - x]!;
  return out;
}

/** The head asked for by name, or else the one that tells apart the labels of the data. */
export function chooseHead(card: ModelCard, { file, head: name, split }: Pick<PredictOptions, 'file' | 'head' | 'split'>): CardHead {
  const heads = headsOfCard(card);
  const found = heads.find((head) => (name === undefined ? head.labels.join() === split.labelNames.join() : head.name === name));
  if (found) return found;
  if (name === undefined)
    throw new UserError('label-mismatch', `${file}: the model tells apart ${card.labels.join(', ')}; the data is labelled ${split.labelNames.join(', ')}`);
  throw new UserError('no-head', `${file}: the model has no head ${name}; it has ${heads.map((head) => head.name).join(', ')}`);
}

/** Throws `UserError` `other-alignment` where the faces of the split are level and the model's were not. */
export function refuseLevelFaces(card: ModelCard, split: Split, file: string): void {
  if (!split.isLevel || card.preprocessing.crop.align === 'eyes-level') return;
  throw new UserError(
    'other-alignment',
    `${file}: the model learned from faces as they come, those of ${split.dir} are turned level; evaluate on the store they were made from`,
  );
}

/**
 * The points of the split's faces where the model needs them. Throws `UserError` where the store has none, where its faces
 * are level and the model's were not, and for altered images, in which points would have to be found anew.
 */
async function landmarksFor(card: ModelCard, { split, file, alter }: PredictOptions): Promise<SplitLandmarks | undefined> {
  const levels = card.preprocessing.crop.align === 'eyes-level';
  refuseLevelFaces(card, split, file);
  if (alter) refuseLandmarkUse(card, file, 'an evaluation on changed images');
  return card.landmarks || (levels && !split.isLevel) ? splitLandmarks(split, file) : undefined;
}

/** What a network reads beside its images, of these rows, [N,102]; of the mirror images where `mirrored`. */
function featuresOf({ points }: SplitLandmarks, rows: ArrayLike<number>, widthPx: number, isMirrored: boolean): Float32Array {
  const features = new Float32Array(rows.length * landmarkFeatureCount);
  for (let i = 0; i < rows.length; i++) {
    const face = pointsOfRow(points, rows[i]!);
    writeLandmarkFeatures(isMirrored ? mirrorFace(face, widthPx) : face, features, i * landmarkFeatureCount);
  }
  return features;
}

export interface SplitPrediction {
  /** [N,K] */
  readonly logits: Float32Array;
  readonly labels: readonly string[];
  /** Of the head the logits are of, which need not be the card's main one. */
  readonly temperature: number;
  readonly card: ModelCard;
}

/** Logits of the chosen rows. Throws `UserError` when the model's labels are not the store's. */
export async function predictSplit(options: PredictOptions): Promise<SplitPrediction> {
  const card = readCard(options.model, options.file);
  const head = chooseHead(card, options);
  const [logits] = await predictHeads(options, [head]);
  return { logits: logits!, labels: head.labels, temperature: head.temperature, card };
}

/** Throws `UserError` unless these are K finite numbers a row. */
function checkOutput(logits: Float32Array, count: number, { output, labels }: CardHead, file: string): void {
  if (logits.length !== count * labels.length) {
    throw new UserError(
      'bad-model',
      `${file}: output ${output} gives ${logits.length / count} values a face, its card names ${labels.length} labels (${labels.join(', ')}); export the model anew`,
    );
  }
  if (!logits.every(Number.isFinite))
    throw new UserError('bad-model', `${file}: output ${output} is not a finite number for some faces; its weights are broken, or its training diverged`);
}

/** Logits [N,K] of the chosen rows for each of these heads of the model, in one walk over the rows. */
export async function predictHeads(options: PredictOptions, heads: readonly CardHead[]): Promise<Float32Array[]> {
  const { split, file } = options;
  const card = readCard(options.model, file);
  const rows = options.rows ?? Uint32Array.from({ length: split.count }, (_, i) => i);
  const batch = options.batch ?? 64;
  const { channels, height, width } = split.image;
  const { input } = card.preprocessing;
  const preprocessor = new Preprocessor(card.preprocessing);
  const landmarks = await landmarksFor(card, options);
  const session = await options.createSession(options.model, options.threads ? { threads: options.threads } : {});
  const run = async (images: Float32Array, batchRows: ArrayLike<number>, isMirrored: boolean): Promise<Float32Array[]> => {
    const count = batchRows.length;
    const feeds = { [input.name]: tensor.float32(images, [count, ...input.shape]) };
    if (card.landmarks) feeds[card.landmarks.name] = tensor.float32(featuresOf(landmarks!, batchRows, width, isMirrored), [count, landmarkFeatureCount]);
    const outputs = await session.run(
      feeds,
      heads.map(({ output }) => output),
    );
    return heads.map((head) => {
      const values = outputs[head.output]!.data as Float32Array;
      checkOutput(values, count, head, file);
      return values;
    });
  };
  const levels = card.preprocessing.crop.align === 'eyes-level';
  try {
    const logits = heads.map(({ labels }) => new Float32Array(rows.length * labels.length));
    const pixels = new Uint8Array(batch * split.imageBytes);
    const square = wholeSquare({ width, height });
    for (let at = 0; at < rows.length; at += batch) {
      options.signal?.throwIfAborted();
      const count = Math.min(batch, rows.length - at);
      const batchRows = Array.prototype.slice.call(rows, at, at + count) as number[];
      await split.gatherImages(batchRows, pixels);
      const images = new Float32Array(count * preprocessor.size);
      for (let i = 0; i < count; i++) {
        const stored = pixels.subarray(i * split.imageBytes, (i + 1) * split.imageBytes);
        await options.alter?.(stored, rows[at + i]!);
        const place: FaceSquare = levels && landmarks ? { ...square, rollRad: landmarks.rolls[batchRows[i]!]! } : square;
        preprocessor.write(toImage(stored, channels, height, width), place, images, i * preprocessor.size);
      }
      const seen = await run(images, batchRows, false);
      const other = options.flip ? await run(mirrored(images, input.shape[2]), batchRows, true) : undefined;
      for (const [h, values] of seen.entries()) {
        const mean = other ? values.map((value, i) => (value + other[h]![i]!) / 2) : values;
        logits[h]!.set(mean, at * heads[h]!.labels.length);
      }
      options.onProgress?.(at + count, rows.length);
    }
    return logits;
  } finally {
    await session.release();
  }
}
