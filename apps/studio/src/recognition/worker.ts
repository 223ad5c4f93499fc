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
import type { LoadTask, PictureFaces, PictureTask, Progress, Task, TaskMessage, WorkerMessage } from './messages.ts';

type Report = (progress: Progress) => void;

const largestThreads = 4;
const threads = globalThis.crossOriginIsolated ? Math.min(largestThreads, navigator.hardwareConcurrency || 1) : 1;

let loaded: { readonly name: string; readonly detector: FaceDetector; readonly recogniser: Recogniser } | undefined;

async function load({ model, runtime }: LoadTask, report: Report): Promise<null> {
  setWasmPaths(new URL(runtime.ort.baseUrl, globalThis.location.origin).href);
  // ONNX Runtime fetches its module by itself and tells no progress; fetched here first, it then comes from the cache.
  const [modelBytes, detectorBytes] = await downloadAll([model, runtime.detector, runtime.ort.wasm], (loadedBytes, totalBytes) =>
    report({ stage: 'downloading', loadedBytes, totalBytes }),
  );
  report({ stage: 'starting' });
  const recogniser = await loadRecogniser({
    model: modelBytes!,
    createSession,
    file: model.name,
    threads,
    landmarks: async () => {
      const [bytes] = await downloadAll([runtime.landmarks], () => {});
      return loadLandmarks({ model: bytes!, createSession, file: 'landmark network', session: { threads } });
    },
  });
  const detector = await loadDetector({ model: detectorBytes!, createSession, file: 'face detector', session: { threads } });
  loaded = { name: model.name, detector, recogniser };
  return null;
}

async function recognisePicture({ picture, wholeImage }: PictureTask, report: Report): Promise<PictureFaces> {
  if (!loaded) throw new Error('a picture came before the model');
  report({ stage: 'reading' });
  const { image, preview } = await decodePicture(picture);
  report({ stage: 'finding', read: { width: image.width, height: image.height, preview } });
  // Taken now, and not when the picture came: the model may have been changed while it was decoded.
  const { name, detector, recogniser } = loaded;
  const faces = wholeImage ? [await wholeExpression(image, recogniser)] : await findExpressions(image, detector, recogniser);
  return { model: name, faces: faces.map(({ logits: _logits, ...face }: Face) => ({ ...face, unsure: isUnsure(face, recogniser.card) })) };
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
