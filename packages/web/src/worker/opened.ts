/** What a worker has open: ONNX Runtime, the face detector and an expression model. */
import { DeviceError } from '@mien/onnx';
import { createSession, loadRuntime, setWasmPaths } from '@mien/onnx/web';
import { canFollow, type FollowingDetector, loadDetector, UserError } from '@mien/runtime';
import type { OpenTask } from '../messages.ts';
import { download } from './download.ts';
import { type ExpressionModel, openModel, type PreparedModel, prepareModel } from './expression-model.ts';

export interface Opened {
  readonly task: OpenTask;
  readonly threads: number;
  readonly detector: FollowingDetector;
  model: ExpressionModel;
}

/** More threads than this only wait for each other: the networks are small. One core is left to the page and the video. */
const largestThreads = 4;

function threadsFor(asked: number): number {
  if (asked > 0) return asked;
  return globalThis.crossOriginIsolated ? Math.min(largestThreads, Math.max(1, navigator.hardwareConcurrency - 1)) : 1;
}

async function prepared(model: string | ArrayBuffer, modelName: string): Promise<PreparedModel> {
  return prepareModel(typeof model === 'string' ? await download(model, 'the expression model') : new Uint8Array(model), modelName);
}

/** ONNX Runtime's failure to start, in words. */
function whyNoRuntime(error: unknown, { wasmPaths, device }: OpenTask): UserError {
  const { message } = error as Error;
  if (error instanceof DeviceError) return new UserError(`${device}-failed`, message, { cause: error });
  return new UserError('unreachable', `ONNX Runtime: cannot be loaded from ${wasmPaths} (${message}); put its .wasm and .mjs files there`, { cause: error });
}

/**
 * Opens everything, all downloads at once; ONNX Runtime, by far the largest, is compiled while the models are fetched and
 * read. Throws `UserError`: `unreachable`, `webgpu-failed`, and those of `prepareModel`, `openModel` and `loadDetector`.
 */
export async function openAll(task: OpenTask): Promise<Opened> {
  setWasmPaths(task.wasmPaths);
  const threads = threadsFor(task.threads);
  const session = { threads, device: task.device };
  const runtime = loadRuntime(session).then(
    () => undefined,
    (error: unknown) => whyNoRuntime(error, task),
  );
  const [read, detectorBytes] = await Promise.all([prepared(task.model, task.modelName), download(task.detector, 'the face detector')]);
  const failed = await runtime;
  if (failed) throw failed;
  const [model, detector] = await Promise.all([
    openModel(read, session, task.landmarks),
    loadDetector({ model: detectorBytes, createSession, file: task.detector, session }),
  ]);
  if (!canFollow(detector))
    throw new UserError('bad-detector', `${task.detector}: ${detector.name} cannot follow a face in a video; use face-detector-light.onnx`);
  return { task, threads, detector, model };
}

/** Replaces the expression model, the `old` one is the caller's to release; throws as `prepareModel` and `openModel`, and then it stays. */
export async function useModel(
  opened: Opened,
  model: string | ArrayBuffer,
  modelName: string,
): Promise<{ readonly next: ExpressionModel; readonly old: ExpressionModel }> {
  const { threads, task } = opened;
  const next = await openModel(await prepared(model, modelName), { threads, device: task.device }, task.landmarks);
  const old = opened.model;
  opened.model = next;
  return { next, old };
}
