/** The recognition worker: everything that takes time happens here, so that the page never blocks. */
import { createSession, setWasmPaths } from '@mien/onnx/web';
import {
  type Face,
  type FaceDetector,
  findExpressions,
  loadDetector,
  loadLandmarks,
  loadRecogniser,
  type Recogniser,
  UserError,
  wholeExpression,
} from '@mien/runtime';
import { decodePicture } from './decode-picture.ts';
import { downloadAll } from './download.ts';
import { isUnsure } from './is-unsure.ts';
import { ModelInUse } from './model-in-use.ts';
import type { LoadTask, PictureFaces, PictureTask, Progress, Task, TaskMessage, WorkerMessage } from './messages.ts';

type Report = (progress: Progress) => void;

const largestThreads = 4;
const threads = globalThis.crossOriginIsolated ? Math.min(largestThreads, navigator.hardwareConcurrency || 1) : 1;

const models = new ModelInUse();
/** One for all models: it stays when they change. */
let detector: Promise<FaceDetector> | undefined;

function openDetector(model: Uint8Array): Promise<FaceDetector> {
  detector ??= loadDetector({ model, createSession, file: 'face detector', session: { threads } }).catch((error: unknown) => {
    detector = undefined;
    throw error;
  });
  return detector;
}

async function openRecogniser({ model, runtime }: LoadTask, report: Report, wanted: () => boolean): Promise<Recogniser | undefined> {
  setWasmPaths(new URL(runtime.ort.baseUrl, globalThis.location.origin).href);
  // ONNX Runtime fetches its module by itself and tells no progress; fetched here first, it then comes from the cache.
  const known = detector;
  const shared = known ? [] : [runtime.detector, runtime.ort.wasm];
  const [modelBytes, detectorBytes] = await downloadAll([model, ...shared], (loadedBytes, totalBytes) =>
    report({ stage: 'downloading', loadedBytes, totalBytes }),
  );
  if (!wanted()) return undefined;
  report({ stage: 'starting' });
  // First, so that no recogniser is left open where it fails.
  await (known ?? openDetector(detectorBytes!));
  return loadRecogniser({
    model: modelBytes!,
    createSession,
    file: model.name,
    threads,
    landmarks: async () => {
      const [bytes] = await downloadAll([runtime.landmarks], () => {});
      return loadLandmarks({ model: bytes!, createSession, file: 'landmark network', session: { threads } });
    },
  });
}

async function load(task: LoadTask, report: Report): Promise<null> {
  await models.load(task.model.name, (wanted) => openRecogniser(task, report, wanted));
  return null;
}

async function recognisePicture({ picture, wholeImage }: PictureTask, report: Report): Promise<PictureFaces> {
  report({ stage: 'reading' });
  const { image, preview } = await decodePicture(picture);
  report({ stage: 'finding', read: { width: image.width, height: image.height, preview } });
  // Taken now, and not when the picture came: the model may have been changed while it was decoded.
  return models.read(async ({ name, recogniser }) => {
    const faces = wholeImage ? [await wholeExpression(image, recogniser)] : await findExpressions(image, (await detector)!, recogniser);
    return { model: name, faces: faces.map(({ logits: _logits, ...face }: Face) => ({ ...face, unsure: isUnsure(face, recogniser.card) })) };
  });
}

function perform(task: Task, report: Report): Promise<null | PictureFaces> {
  return task.kind === 'load' ? load(task, report) : recognisePicture(task, report);
}

function send(message: WorkerMessage): void {
  globalThis.postMessage(message);
}

globalThis.addEventListener('message', async ({ data: { id, task } }: MessageEvent<TaskMessage>) => {
  try {
    const result = await perform(task, (progress) => send({ id, kind: 'progress', progress }));
    send({ id, kind: 'done', result });
  } catch (error) {
    const code = error instanceof UserError ? error.code : 'internal';
    if (code === 'internal') console.error(error);
    send({ id, kind: 'failed', code, message: (error as Error).message });
  }
});
