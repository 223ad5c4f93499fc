/** ONNX Runtime in browsers (`onnxruntime-web`), on WebAssembly or WebGPU. */
import * as ort from 'onnxruntime-web';
import { DeviceError } from '../device.ts';
import { openSession, type Platform, smallestModel } from '../ort-session.ts';
import type { CreateSession, Session, SessionOptions } from '../session.ts';

const platform: Platform = { ort: ort as never, writesIntoGiven: false, devices: ['wasm', 'webgpu'] };

/**
 * Tells where the page serves ONNX Runtime's `.wasm` and `.mjs` files. Call once, before the first session.
 * Nothing is ever loaded from another origin unless this names one.
 */
export function setWasmPaths(base: string): void {
  ort.env.wasm.wasmPaths = base;
}

/**
 * Opens a session in the browser on `wasm` (default) or `webgpu`. Throws `DeviceError` when the device cannot be had.
 *
 * Which files of ONNX Runtime are loaded is decided by what a bundler puts in the place of `onnxruntime-web`:
 * `onnxruntime-web/wasm` is the smallest, `onnxruntime-web/webgpu` has both devices.
 */
export const createSession: CreateSession = async (model, options = {}) => {
  const device = options.device ?? 'wasm';
  if (device === 'cpu' || device === 'cuda') throw new DeviceError(device, `device ${device} is for Node; a browser has ${platform.devices.join(', ')}`);
  if (device === 'webgpu') await requireAdapter();
  if (options.threads) ort.env.wasm.numThreads = options.threads;
  const { threads: _threads, ...rest } = options;
  const open = (): Promise<Session> => openSession(platform, model, device, rest);
  return device === 'webgpu' ? sessionInTurn(await inTurn(open)) : open();
};

/**
 * Fetches and compiles ONNX Runtime now, while the models are still on their way. `options` as for the first session, which decides
 * the threads of all. Throws what `createSession` throws when the runtime's own files are at fault.
 */
export async function loadRuntime(options: Pick<SessionOptions, 'threads' | 'device'> = {}): Promise<void> {
  await (await createSession(smallestModel, options)).release();
}

/** Resolves, with the reason, when the graphics device is lost; every session on it is of no use from then on. Call it once a `webgpu` session is open. */
export async function graphicsDeviceLost(): Promise<string> {
  const device = (await ort.env.webgpu.device) as { lost: Promise<{ reason: string; message: string }> };
  const { reason, message } = await device.lost;
  return message || reason;
}

let lastCall: Promise<unknown> = Promise.resolve();

/** On WebGPU the runtime can wait for the card in one call at a time: a second session opened or run meanwhile is refused or broken. */
function inTurn<T>(call: () => Promise<T>): Promise<T> {
  const turn = lastCall.then(call);
  lastCall = turn.catch(() => {});
  return turn;
}

function sessionInTurn(session: Session): Session {
  return {
    ...session,
    run: (feeds, fetches) => inTurn(() => session.run(feeds, fetches)),
    bind(feeds, fetches) {
      const run = session.bind(feeds, fetches);
      return () => inTurn(run);
    },
    release: () => inTurn(() => session.release()),
  };
}

async function requireAdapter(): Promise<void> {
  const gpu = (navigator as { gpu?: { requestAdapter(): Promise<object | null> } }).gpu;
  if (!gpu) throw new DeviceError('webgpu', 'device webgpu: this browser has no WebGPU (pages need https or localhost for it); use wasm');
  if (!(await gpu.requestAdapter())) throw new DeviceError('webgpu', 'device webgpu: this browser found no graphics adapter; use wasm');
}
