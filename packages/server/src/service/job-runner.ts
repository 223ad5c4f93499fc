/** Does the jobs of the service: from a picture's bytes to faces or an explanation. Runs in a worker thread. */
import { type FaceDetector, findExpressions, type Image, loadRecogniser, type ModelCard, type Recogniser, wholeExpression } from '@mien/runtime';
import { decodeImage } from '@mien/runtime/node';
import type { CreateSession } from '@mien/onnx';
import { type BatchingSession, batchingSession } from './batching-session.ts';
import { cropOf, occlusionMap, squareOf } from './occlusion-map.ts';
import { ServiceError } from './service-error.ts';
import type { ExplainJob, Job, JobResults, PlainFace, RecogniseJob, WorkerSetup } from './worker-messages.ts';

export interface JobRunnerOptions extends WorkerSetup {
  readonly detector: FaceDetector;
  readonly createSession: CreateSession;
  /** Called with the faces of each run of a network. */
  readonly onRun?: (faces: number) => void;
}

interface OpenModel {
  readonly recogniser: Recogniser;
  readonly session: BatchingSession;
}

const plain = ({ box, detection, expression, probabilities }: PlainFace, { abstain }: ModelCard): PlainFace => ({
  box,
  detection,
  expression,
  probabilities,
  ...(abstain ? { unsure: probabilities[expression]! < abstain.threshold } : {}),
});

export class JobRunner {
  readonly #models: ReadonlyMap<string, OpenModel>;
  readonly #detector: FaceDetector;
  /** Jobs whose faces will be ready within milliseconds: those that only decode. */
  #arriving = 0;

  private constructor(models: ReadonlyMap<string, OpenModel>, detector: FaceDetector) {
    this.#models = models;
    this.#detector = detector;
  }

  /** The card of each model, by its name. */
  get cards(): Record<string, ModelCard> {
    return Object.fromEntries([...this.#models].map(([name, { recogniser }]) => [name, recogniser.card]));
  }

  /** Opens every model. Throws `UserError`: those of `loadRecogniser`. */
  static async open({ models, detector, createSession, threads, largestBatch, longestWaitMs, onRun }: JobRunnerOptions): Promise<JobRunner> {
    const opened = new Map<string, OpenModel>();
    const runner = new JobRunner(opened, detector);
    for (const { name, file, bytes } of models) {
      let session: BatchingSession | undefined;
      const recogniser = await loadRecogniser({
        model: bytes,
        file,
        threads,
        createSession: async (model, options) => {
          const moreExpected = (): boolean => runner.#arriving > 0;
          session = batchingSession(await createSession(model, options), { largestBatch, longestWaitMs, moreExpected, ...(onRun ? { onRun } : {}) });
          return session;
        },
      });
      opened.set(name, { recogniser, session: session! });
    }
    return runner;
  }

  /** Throws `ServiceError` where the request is at fault, `UserError` of `decodeImage`; anything else is a bug. */
  async run(job: Job): Promise<JobResults[Job['kind']]> {
    return job.kind === 'recognise' ? this.#recognise(job) : this.#explain(job);
  }

  async release(): Promise<void> {
    await Promise.all([this.#detector.release(), ...[...this.#models.values()].map(({ recogniser }) => recogniser.release())]);
  }

  async #decode({ picture, maxPixels }: Job): Promise<Image> {
    return 'image' in picture ? picture.image : decodeImage(picture.bytes, { maxPixels, name: 'the image' });
  }

  async #recognise(job: RecogniseJob): Promise<JobResults['recognise']> {
    const { recogniser } = this.#model(job);
    const image = await (job.detect === 'none' ? this.#arrive(job) : this.#decode(job));
    const faces = job.detect === 'none' ? [await wholeExpression(image, recogniser)] : await this.#findFaces(image, job);
    return { width: image.width, height: image.height, faces: faces.map((face) => plain(face, recogniser.card)) };
  }

  /** Decodes a picture that goes to the network right away. */
  async #arrive(job: Job): Promise<Image> {
    this.#arriving++;
    try {
      return await this.#decode(job);
    } finally {
      this.#arriving--;
    }
  }

  async #findFaces(image: Image, job: Job): Promise<PlainFace[]> {
    const { recogniser, session } = this.#model(job);
    // Finding faces blocks the thread for long: faces that are ready go first.
    await session.settled();
    return findExpressions(image, this.#detector, recogniser, job.threshold === undefined ? {} : { threshold: job.threshold });
  }

  async #explain(job: ExplainJob): Promise<JobResults['explain']> {
    const { recogniser } = this.#model(job);
    const { labels } = recogniser.card;
    if (job.label !== undefined && !labels.includes(job.label)) {
      throw new ServiceError('bad-request', `label: expected one of ${labels.join(', ')}`);
    }
    const image = await this.#decode(job);
    const faces = job.detect === 'none' ? [await wholeExpression(image, recogniser)] : await this.#findFaces(image, job);
    const face = faces[job.face];
    if (!face) {
      const found = faces.length === 0 ? 'no face was found in the image' : `face ${job.face} was asked for, the image has faces 0 to ${faces.length - 1}`;
      throw new ServiceError('no-face', `${found}; for an image that is a face crop already ask with detect=none`);
    }
    const crop = squareOf(image, job.detect === 'none' ? 'whole' : face.box, recogniser.card);
    const label = job.label ?? face.expression;
    const map = await occlusionMap(
      cropOf(image, crop, recogniser.card),
      label,
      job.grid,
      async (covered) => (await recogniser.recognise(covered, 'whole'))[0]!,
    );
    return { face: plain(face, recogniser.card), label, grid: job.grid, crop, map };
  }

  #model({ model }: Job): OpenModel {
    const found = this.#models.get(model);
    if (!found) throw new ServiceError('no-such-model', 'the model that was asked for is not open here; GET /v1/models lists those that are');
    return found;
  }
}
