/** ONNX Runtime in browsers (`onnxruntime-web`), on WebAssembly or WebGPU. */
import * as ort from 'onnxruntime-web';
import { openSession } from '../ort-session.ts';
import type { CreateSession } from '../session.ts';

/**
 * Tells where the page serves ONNX Runtime's `.wasm` and `.mjs` files. Call once, before the first session.
 * Nothing is ever loaded from another origin unless this names one.
 */
export function setWasmPaths(base: string): void {
  ort.env.wasm.wasmPaths = base;
}

/** Opens a session in the browser on `wasm` (default) or `webgpu`. */
export const createSession: CreateSession = async (model, options = {}) => {
  const device = options.device ?? 'wasm';
  if (device === 'cpu') throw new Error("device 'cpu' is for Node; in a browser use 'wasm' or 'webgpu'");
  if (options.threads) ort.env.wasm.numThreads = options.threads;
  const { threads: _threads, ...rest } = options;
  return openSession(ort as never, model, [device], rest);
};
