/** Mien's worker: everything that takes time happens here, so that the page never blocks. */
import { createSession, setWasmPaths } from '@mien/onnx/web';
import { defaultAbstainThreshold, type LiveFace, LiveRecogniser, neutralOffset } from '@mien/live';
import { type Box, canFollow, cropSquare, findExpressions, type FollowingDetector, loadDetector, UserError } from '@mien/runtime';
import type { FaceMaps } from '../explanation.ts';
import type {
  CollectTask,
  FromWorker,
  MienFace,
  OpenTask,
  PictureFace,
  PictureTask,
  Task,
  TaskResults,
  ToWorker,
  TrainTask,
  UseTask,
  WatchTask,
} from '../messages.ts';
import { activationOutput, attentionOutput, featuresOutput } from '../model/tap-model.ts';
import { Collector } from './collector.ts';
import { download } from './download.ts';
import { type ExpressionModel, openExpressionModel } from './expression-model.ts';
import { FrameReader } from './frame-pixels.ts';

interface Stream {
  readonly options: WatchTask;
  live: LiveRecogniser;
  collectors: Collector[];
  readonly reader: FrameReader;
}

interface Opened {
  readonly task: OpenTask;
  readonly threads: number;
  readonly detector: FollowingDetector;
  model: ExpressionModel;
}

type Progress = (done: number, total: number) => void;

/** More threads than this only wait for each other: the networks are small. One core is left to the page and the video. */
const largestThreads = 4;
const streams = new Map<number, Stream>();
/** Features of recorded frames by class. They live here and nowhere else. */
const recordings = new Map<string, Float32Array[]>();
let opened: Opened | undefined;

function post(message: FromWorker, transfer: Transferable[] = []): void {
  globalThis.postMessage(message, { transfer });
}

function isOpen(): Opened {
  if (!opened) throw new Error('a task came before the model');
  return opened;
}

async function bytesOf(model: string | ArrayBuffer): Promise<Uint8Array> {
  return typeof model === 'string' ? download(model, 'the expression model') : new Uint8Array(model);
}

async function open(task: OpenTask): Promise<TaskResults['open']> {
  setWasmPaths(task.wasmPaths);
  const isolated = globalThis.crossOriginIsolated;
  const threads = task.threads || (isolated ? Math.min(largestThreads, Math.max(1, navigator.hardwareConcurrency - 1)) : 1);
  const session = { threads, device: task.device };
  const [modelBytes, detectorBytes] = await Promise.all([bytesOf(task.model), download(task.detector, 'the face detector')]);
  const model = await openExpressionModel(modelBytes, task.modelName, session);
  const detector = await loadDetector({ model: detectorBytes, createSession, file: task.detector, session });
  if (!canFollow(detector))
    throw new UserError('bad-detector', `${task.detector}: ${detector.name} cannot follow a face in a video; use face-detector-light.onnx`);
  opened = { task, threads, detector, model };
  return { card: model.recogniser.card, threads };
}

function startLive({ smoothing }: WatchTask): LiveRecogniser {
  const { detector, model } = isOpen();
  return new LiveRecogniser({ recogniser: model.recogniser, detector, ...(smoothing ? { smoothing } : {}) });
}

function watch(task: WatchTask): null {
  streams.set(task.stream, { options: task, live: startLive(task), collectors: [], reader: new FrameReader() });
  return null;
}

async function use({ model, modelName }: UseTask): Promise<TaskResults['use']> {
  const state = isOpen();
  const { threads, task } = state;
  const next = await openExpressionModel(await bytesOf(model), modelName, { threads, device: task.device });
  const old = state.model;
  state.model = next;
  recordings.clear();
  for (const stream of streams.values()) stream.live = startLive(stream.options);
  await old.recogniser.release();
  return { card: next.recogniser.card };
}

async function recognisePicture({ picture }: PictureTask): Promise<PictureFace[]> {
  const { detector, model } = isOpen();
  const { image, scale } = await new FrameReader().read(picture);
  const faces = await findExpressions(image, detector, model.recogniser);
  const threshold = model.recogniser.card.abstain?.threshold ?? defaultAbstainThreshold;
  return faces.map(({ box, detection, expression, probabilities }) => ({
    box: scaled(box, scale),
    detection,
    expression,
    probabilities,
    unsure: probabilities[expression]! < threshold,
  }));
}

function scaled({ x, y, width, height }: Box, scale: number): Box {
  return { x: x * scale, y: y * scale, width: width * scale, height: height * scale };
}

function mapsOf({ box, frame }: LiveFace, scale: number): { maps?: MienFace['maps'] } {
  const activation = frame?.extra?.[activationOutput];
  const attention = frame?.extra?.[attentionOutput];
  if (!activation && !attention) return {};
  const maps: FaceMaps = { ...(activation ? { activation } : {}), ...(attention ? { attention } : {}) };
  return { maps: { ...maps, square: seenSquare(box, scale) } };
}

/** The square of the frame the network sees for a face: the crop, less what its centre leaves out. */
function seenSquare(box: Box, scale: number): Box {
  const { crop, resizeTo, input } = isOpen().model.recogniser.card.preprocessing;
  const square = cropSquare(scaled(box, scale), crop);
  const width = (square.width * input.shape[2]) / resizeTo[1];
  const height = (square.height * input.shape[1]) / resizeTo[0];
  return { x: square.x + (square.width - width) / 2, y: square.y + (square.height - height) / 2, width, height };
}

async function lookAtFrame({ stream: id, frame, time, restart }: Extract<ToWorker, { kind: 'frame' }>): Promise<void> {
  const stream = streams.get(id);
  if (!stream) {
    frame.close();
    return;
  }
  const began = performance.now();
  const { image, scale } = await stream.reader.read(frame);
  if (restart) stream.live = continued(stream);
  const faces = await stream.live.next(image, time);
  for (const collector of stream.collectors) collector.add(faces, time);
  stream.collectors = stream.collectors.filter(({ done }) => !done);
  const shown = faces.map((face): MienFace => {
    const { id: faceId, box, detection, expression, probabilities, unsure, unseenSeconds } = face;
    return {
      id: faceId,
      box: scaled(box, scale),
      detection,
      expression,
      probabilities,
      unsure,
      unseenSeconds,
      ...(stream.options.maps ? mapsOf(face, scale) : {}),
    };
  });
  post({
    kind: 'faces',
    stream: id,
    time,
    width: Math.round(image.width * scale),
    height: Math.round(image.height * scale),
    faces: shown,
    workMs: performance.now() - began,
  });
}

/** A stream after a jump: nobody is known any more, but a correction for everyone stays. */
function continued({ options, live }: Stream): LiveRecogniser {
  const next = startLive(options);
  const everyone = live.offsets.get('everyone');
  if (everyone) next.offsets.set('everyone', everyone);
  return next;
}

function streamOf(id: number): Stream {
  const stream = streams.get(id);
  if (!stream) throw new UserError('closed', 'this watch was stopped');
  return stream;
}

function collect(task: CollectTask, report: Progress): Promise<TaskResults['neutral'] | TaskResults['record']> {
  const stream = streamOf(task.stream);
  const { model } = isOpen();
  return new Promise((resolve, reject) => {
    const onDone: ConstructorParameters<typeof Collector>[0]['onDone'] = (frames) => {
      try {
        if (task.kind === 'record') {
          const features = frames.flatMap(({ recognition }) => recognition.extra?.[featuresOutput]?.data ?? []);
          if (frames.length > 0 && features.length === 0)
            throw new UserError('no-head', `${model.recogniser.card.name}: its network does not end in a dense layer, so nothing can be learnt on top of it`);
          recordings.set(task.label, [...(recordings.get(task.label) ?? []), ...features]);
          resolve({ frames: features.length });
          return;
        }
        const { labels, output } = model.recogniser.card;
        const neutral = labels.indexOf('neutral');
        if (neutral < 0)
          throw new UserError(
            'no-neutral',
            `${model.recogniser.card.name}: it has no class neutral (${labels.join(', ')}), so there is nothing to correct towards`,
          );
        const offset = neutralOffset(
          frames.map(({ recognition }) => recognition.logits),
          output.temperature,
          neutral,
        );
        stream.live.offsets.set(frames.at(-1)!.face, offset);
        resolve({ frames: frames.length, offset });
      } catch (error) {
        reject(error as Error);
      }
    };
    stream.collectors.push(new Collector({ seconds: task.seconds, face: task.face, onProgress: report, onDone }));
  });
}

async function train({ name }: TrainTask, report: Progress): Promise<TaskResults['train']> {
  const { model } = isOpen();
  // Loaded when it is wanted: a page that only watches has no use for the training code.
  const { makePersonalModel } = await import('../personal/personal-model.ts');
  return makePersonalModel({ name, card: model.recogniser.card, network: model.network, recordings, createSession, onProgress: report });
}

async function perform(task: Task, report: Progress): Promise<TaskResults[Task['kind']]> {
  if (task.kind === 'open') return open(task);
  if (task.kind === 'watch') return watch(task);
  if (task.kind === 'picture') return recognisePicture(task);
  if (task.kind === 'use') return use(task);
  if (task.kind === 'train') return train(task, report);
  if (task.kind === 'neutral' || task.kind === 'record') return collect(task, report);
  if (task.kind === 'forget-neutral') streamOf(task.stream).live.offsets.clear();
  else recordings.clear();
  return null;
}

/** Why something failed, as the page is told. */
function reason(error: unknown): { code: string; message: string } {
  if (error instanceof UserError) return { code: error.code, message: error.message };
  const { message } = error as Error;
  if (opened?.task.device === 'webgpu' && /device.*lost|lost.*device|GPUDevice/i.test(message)) {
    return { code: 'webgpu-lost', message: `the graphics device was lost (${message}); open Mien again, with device: 'wasm' if it happens again` };
  }
  console.error(error);
  return { code: 'internal', message };
}

globalThis.addEventListener('message', async ({ data }: MessageEvent<ToWorker>) => {
  if (data.kind === 'unwatch') streams.delete(data.stream);
  else if (data.kind === 'frame') {
    try {
      await lookAtFrame(data);
    } catch (error) {
      post({ kind: 'frame-failed', stream: data.stream, ...reason(error) });
    }
  } else {
    const { id, task } = data;
    try {
      const result = await perform(task, (done, total) => post({ kind: 'progress', id, done, total }));
      post({ kind: 'done', id, result });
    } catch (error) {
      post({ kind: 'failed', id, ...reason(error) });
    }
  }
});
post({ kind: 'ready' });
