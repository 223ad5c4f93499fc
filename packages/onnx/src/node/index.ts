/** ONNX Runtime in Node (`onnxruntime-node`). */
import { availableParallelism } from 'node:os';
import * as ort from 'onnxruntime-node';
import { DeviceError } from '../device.ts';
import { openSession, type Platform } from '../ort-session.ts';
import type { CreateSession } from '../session.ts';

// ONNX Runtime for Linux keeps a usage database and holds an upload address unless told not to, before its first session.
process.env.ORT_DISABLE_TELEMETRY ??= '1';

const platform: Platform = { ort: ort as never, writesIntoGiven: true, devices: ['cpu', 'webgpu', 'cuda'] };

/** Opens a session in Node on `cpu` (default), `webgpu` or `cuda`. Throws `DeviceError` when the device cannot be had. */
export const createSession: CreateSession = async (model, options = {}) => {
  const device = options.device ?? 'cpu';
  if (device === 'wasm') throw new DeviceError(device, `device wasm is for browsers; Node has ${platform.devices.join(', ')}`);
  return openSession(platform, model, device, { threads: availableParallelism(), ...options });
};

/** The version of ONNX Runtime in use, as `1.30.0`. */
export const runtimeVersion: string = ort.env.versions.node ?? ort.env.versions.common;
