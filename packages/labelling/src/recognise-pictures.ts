/** The real recogniser of chunks: decode, detect, and the faces of many pictures in one run of the network. */
import { createSession } from '@mien/onnx/node';
import { type Face, type FaceDetector, findExpressions, type Image, loadDetector, loadRecogniser, type Recogniser, wholeExpression } from '@mien/runtime';
import { GatheringSession } from './gathering-session.ts';
import type { Item } from './items/item.ts';
import { openPictures } from './items/open-pictures.ts';
import type { MapPath } from '@mien/jobs';
import type { FaceResult, ItemRecogniser, PictureResult, RecogniseContext } from './picture-result.ts';

export interface PictureRecogniserOptions {
  /** The bytes of the expression model. */
  readonly model: Uint8Array;
  /** The bytes of the face detector; without one, pictures are face crops. */
  readonly detector?: Uint8Array | undefined;
  /** Lowest detection score that counts as a face; default: the detector's. */
  readonly threshold?: number | undefined;
  /** Threads of this worker. With one, nothing runs beside the network; with more, pictures are decoded ahead. */
  readonly threads: number;
  readonly mapPath: MapPath;
}

/** Faces in one run: larger batches gain nothing. */
const batchFaces = 32;

export class PictureRecogniser implements ItemRecogniser {
  readonly #recogniser: Recogniser;
  readonly #detector: FaceDetector | undefined;
  readonly #gathered: GatheringSession;
  readonly #options: PictureRecogniserOptions;

  private constructor(recogniser: Recogniser, detector: FaceDetector | undefined, gathered: GatheringSession, options: PictureRecogniserOptions) {
    this.#recogniser = recogniser;
    this.#detector = detector;
    this.#gathered = gathered;
    this.#options = options;
  }

  /** Throws the `UserError`s of `loadRecogniser` and `loadDetector`. */
  static async open(options: PictureRecogniserOptions): Promise<PictureRecogniser> {
    const { model, detector, threads } = options;
    const gathered = new GatheringSession();
    const recogniser = await loadRecogniser({ model, createSession: gathered.create(createSession), threads, file: 'the model of the job' });
    const opened = detector && (await loadDetector({ model: detector, createSession, session: { threads }, file: 'the detector of the job' }));
    return new PictureRecogniser(recogniser, opened, gathered, options);
  }

  async recognise(items: readonly Item[], { signal, careful = false, onBegin, onProgress }: RecogniseContext): Promise<PictureResult[]> {
    const results = new Array<PictureResult>(items.length);
    const pending = new Set<Promise<void>>();
    let failure: unknown;
    let done = 0;
    const { threads, mapPath } = this.#options;
    try {
      for await (const picture of openPictures(items, { ahead: careful ? 0 : threads - 1, mapPath, ...(onBegin ? { onBegin } : {}) })) {
        signal.throwIfAborted();
        if ('error' in picture) {
          const { code, message } = picture.error;
          results[picture.index] = { error: { code, message } };
        } else {
          const { image, index } = picture;
          const arrival = this.#gathered.nextArrival();
          const work: Promise<void> = this.#faces(image)
            .then((faces) => {
              results[index] = { width: image.width, height: image.height, faces: faces.map((face) => this.#toResult(face)) };
            })
            .catch((error) => {
              failure ??= error;
            })
            .finally(() => pending.delete(work));
          pending.add(work);
          // The picture is let go once its faces wait for the network, or it has none.
          await Promise.race([work, arrival]);
          while (this.#gathered.rows >= (careful ? 1 : batchFaces)) await this.#runSome();
        }
        if (failure !== undefined) break;
        onProgress?.(++done);
      }
    } finally {
      while (pending.size > 0) await this.#runSome();
    }
    if (failure !== undefined) throw failure;
    return results;
  }

  async release(): Promise<void> {
    await Promise.all([this.#recogniser.release(), this.#detector?.release()]);
  }

  #faces(image: Image): Promise<Face[]> {
    const { threshold } = this.#options;
    if (!this.#detector) return wholeExpression(image, this.#recogniser).then((face) => [face]);
    return findExpressions(image, this.#detector, this.#recogniser, threshold === undefined ? {} : { threshold });
  }

  async #runSome(): Promise<void> {
    await this.#gathered.flush(batchFaces);
    await new Promise(setImmediate);
  }

  #toResult({ box, detection, expression, probabilities }: Face): FaceResult {
    return { box, score: detection, label: expression, probabilities: this.#recogniser.card.labels.map((label) => probabilities[label]!) };
  }
}
