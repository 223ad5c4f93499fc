/** Mien's worker: everything that takes time happens here, so that the page never blocks. */
import { createSession, graphicsDeviceLost } from '@mien/onnx/web';
import { defaultAbstainThreshold } from '@mien/live';
import { findExpressions, UserError } from '@mien/runtime';
import type { CollectTask, FromWorker, OpenTask, PictureFace, PictureTask, Task, TaskResults, ToWorker, TrainTask, UseTask } from '../messages.ts';
import { mapsOf } from './face-maps.ts';
import { FrameReader } from './frame-pixels.ts';
import { openAll, type Opened, useModel } from './opened.ts';
import { scaled, WatchedStream } from './watched-stream.ts';

type Progress = (done: number, total: number) => void;

/** Settles when the first task is done; whatever comes earlier waits for it. */
let opened: Promise<Opened> | undefined;
const streams = new Map<number, Promise<WatchedStream>>();
/** Resolves when the graphics device is lost; never on WebAssembly. */
let deviceLost: Promise<void> = new Promise(() => {});
/** Features of recorded frames by class. They live here and nowhere else. */
const recordings = new Map<string, readonly Float32Array[]>();

function post(message: FromWorker): void {
  globalThis.postMessage(message);
}

function isOpen(): Promise<Opened> {
  if (!opened) throw new Error('a task came before the model');
  return opened;
}

async function open(task: OpenTask): Promise<TaskResults['open']> {
  opened = openAll(task);
  // Those who wait hear of a failure as well; nobody may be waiting.
  opened.catch(() => {});
  const { model, threads } = await opened;
  for (const [label, features] of task.recordings ?? []) recordings.set(label, features);
  if (task.device === 'webgpu') {
    deviceLost = graphicsDeviceLost().then((message) => post({ kind: 'device-lost', message: `the graphics device was lost (${message})`, recordings }));
  }
  return { card: model.recogniser.card, threads };
}

async function use({ model, modelName }: UseTask): Promise<TaskResults['use']> {
  const { next, old } = await useModel(await isOpen(), model, modelName);
  recordings.clear();
  const watched = await Promise.all(streams.values());
  // Whoever still looks with the old model looks to the end.
  await Promise.all([...watched.map((stream) => stream.restart()), ...pictures]);
  await old.recogniser.release();
  return { card: next.recogniser.card };
}

/** Settles with the picture; none of them rejects. */
const pictures = new Set<Promise<unknown>>();

function recognisePicture(task: PictureTask): Promise<PictureFace[]> {
  const faces = readPicture(task);
  const over: Promise<unknown> = faces.catch(() => {}).finally(() => pictures.delete(over));
  pictures.add(over);
  return faces;
}

async function readPicture({ picture, maps: wanted }: PictureTask): Promise<PictureFace[]> {
  const { detector, model } = await isOpen();
  const { image, scale } = await new FrameReader().read(picture);
  const faces = await findExpressions(image, detector, model.recogniser);
  const { card } = model.recogniser;
  const threshold = card.abstain?.threshold ?? defaultAbstainThreshold;
  return faces.map((face) => {
    const { detection, expression, probabilities } = face;
    const box = scaled(face.box, scale);
    const maps = wanted ? mapsOf(face, box, card) : undefined;
    return { box, detection, expression, probabilities, unsure: probabilities[expression]! < threshold, ...(maps ? { maps } : {}) };
  });
}

async function lookAtFrame({ stream: id, frame, time, restart }: Extract<ToWorker, { kind: 'frame' }>): Promise<void> {
  const stream = await streams.get(id);
  if (!stream) {
    frame.close();
    return;
  }
  post({ kind: 'faces', stream: id, ...(await stream.look(frame, time, restart)) });
}

async function streamOf(id: number): Promise<WatchedStream> {
  const stream = await streams.get(id);
  if (!stream) throw new UserError('closed', 'this watch was stopped');
  return stream;
}

async function record(task: CollectTask, report: Progress): Promise<TaskResults['record']> {
  const features = await (await streamOf(task.stream)).record(task, report);
  // A class without a frame would keep the others from being learnt.
  if (features.length > 0) recordings.set(task.label, [...(recordings.get(task.label) ?? []), ...features]);
  return { frames: features.length };
}

async function train({ name }: TrainTask, report: Progress): Promise<TaskResults['train']> {
  const { model } = await isOpen();
  // Loaded when it is wanted: a page that only watches has no use for the training code.
  const { makePersonalModel } = await import('../personal/personal-model.ts');
  return makePersonalModel({ name, card: model.recogniser.card, network: model.network, recordings, createSession, onProgress: report });
}

async function perform(task: Task, report: Progress): Promise<TaskResults[Task['kind']]> {
  if (task.kind === 'open') return open(task);
  if (task.kind === 'picture') return recognisePicture(task);
  if (task.kind === 'use') return use(task);
  if (task.kind === 'train') return train(task, report);
  if (task.kind === 'record') return record(task, report);
  if (task.kind === 'neutral') return (await streamOf(task.stream)).correctNeutral(task, report);
  if (task.kind === 'watch') {
    const stream = isOpen().then((state) => new WatchedStream(task, state));
    streams.set(task.stream, stream);
    await stream;
  } else if (task.kind === 'forget-neutral') (await streamOf(task.stream)).forgetNeutral();
  else if (task.label === undefined) recordings.clear();
  else recordings.delete(task.label);
  return null;
}

/** Calls may fail a moment before the loss of the device is told, which says more and which the page can mend. */
const lossIsToldWithinMs = 500;

async function failedWithDevice(): Promise<boolean> {
  if ((await opened?.catch(() => undefined))?.task.device !== 'webgpu') return false;
  const late = new Promise<boolean>((resolve) => setTimeout(() => resolve(false), lossIsToldWithinMs));
  return Promise.race([deviceLost.then(() => true), late]);
}

/** Why something failed, as the page is told. */
function reason(error: unknown): { code: string; message: string } {
  if (error instanceof UserError) return { code: error.code, message: error.message };
  console.error(error);
  return { code: 'internal', message: (error as Error).message };
}

globalThis.addEventListener('message', async ({ data }: MessageEvent<ToWorker>) => {
  if (data.kind === 'unwatch') {
    const stream = streams.get(data.stream);
    streams.delete(data.stream);
    stream?.then((watched) => watched.stop()).catch(() => {});
  } else if (data.kind === 'frame') {
    try {
      await lookAtFrame(data);
    } catch (error) {
      if (await failedWithDevice()) return;
      post({ kind: 'frame-failed', stream: data.stream, ...reason(error) });
    }
  } else {
    const { id, task } = data;
    try {
      const result = await perform(task, (done, total) => post({ kind: 'progress', id, done, total }));
      post({ kind: 'done', id, result });
    } catch (error) {
      if (await failedWithDevice()) return;
      post({ kind: 'failed', id, ...reason(error) });
    }
  }
});
post({ kind: 'ready' });
