/** ONNX Runtime in Node (`onnxruntime-node`). */
import { availableParallelism } from 'node:os';
import * as ort from 'onnxruntime-node';
import { openSession } from '../ort-session.ts';
import type { CreateSession } from '../session.ts';

/** Opens a session in Node on `cpu` (default) or `webgpu`. Throws when the device is not one Node has. */
export const createSession: CreateSession = async (model, options = {}) => {
  const device = options.device ?? 'cpu';
  if (device === 'wasm') throw new Error("device 'wasm' is for browsers; in Node use 'cpu' or 'webgpu'");
  return openSession(ort as never, model, [device], { threads: availableParallelism(), ...options });
};

/** The version of ONNX Runtime in use, as `1.30.0`. */
export const runtimeVersion: string = ort.env.versions.node ?? ort.env.versions.common;
