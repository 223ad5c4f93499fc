/** ONNX Runtime in browsers (`onnxruntime-web`), on WebAssembly or WebGPU. */
import * as ort from 'onnxruntime-web';
import { DeviceError } from '../device.ts';
import { openSession, type Platform } from '../ort-session.ts';
import type { CreateSession } from '../session.ts';

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
  return openSession(platform, model, device, rest);
};

async function requireAdapter(): Promise<void> {
  const gpu = (navigator as { gpu?: { requestAdapter(): Promise<object | null> } }).gpu;
  if (!gpu) throw new DeviceError('webgpu', 'device webgpu: this browser has no WebGPU (pages need https or localhost for it); use wasm');
  if (!(await gpu.requestAdapter())) throw new DeviceError('webgpu', 'device webgpu: this browser found no graphics adapter; use wasm');
}
