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
import type { LoadTask, PictureTask, Progress, RecognisedFace, Task, TaskMessage, WorkerMessage } from './messages.ts';

type Report = (progress: Progress) => void;

const largestThreads = 4;
const threads = globalThis.crossOriginIsolated ? Math.min(largestThreads, navigator.hardwareConcurrency || 1) : 1;

let loaded: { readonly detector: FaceDetector; readonly recogniser: Recogniser } | undefined;

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
  loaded = { detector, recogniser };
  return null;
}

function withoutLogits({ logits: _logits, ...face }: Face): RecognisedFace {
  return face;
}

async function recognisePicture({ picture, wholeImage }: PictureTask, report: Report): Promise<RecognisedFace[]> {
  if (!loaded) throw new Error('a picture came before the model');
  report({ stage: 'reading' });
  const { image, preview } = await decodePicture(picture);
  report({ stage: 'finding', read: { width: image.width, height: image.height, preview } });
  const { detector, recogniser } = loaded;
  const faces = wholeImage ? [await wholeExpression(image, recogniser)] : await findExpressions(image, detector, recogniser);
  return faces.map(withoutLogits);
}

function perform(task: Task, report: Report): Promise<null | RecognisedFace[]> {
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
