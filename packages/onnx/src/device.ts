/** Devices a graph can run on, chosen by the caller and never changed in silence. */
import type { CreateSession } from './session.ts';

/**
 * `cpu` is Node's default and `wasm` a browser's. `webgpu` is a graphics card through Vulkan, Metal or Direct3D, in both.
 * `cuda` is Node only, and needs ONNX Runtime's CUDA libraries.
 */
export type Device = 'cpu' | 'wasm' | 'webgpu' | 'cuda';

export const devices: readonly Device[] = ['cpu', 'wasm', 'webgpu', 'cuda'];

/** A device that was asked for and cannot be had, or cannot run the whole graph. The message says what was found. */
export class DeviceError extends Error {
  override readonly name = 'DeviceError';
  readonly device: Device;

  constructor(device: Device, message: string, options?: ErrorOptions) {
    super(message, options);
    this.device = device;
  }
}

/** The same sessions, on `device` whatever the options say. */
export function onDevice(createSession: CreateSession, device: Device): CreateSession {
  return (model, options) => createSession(model, { ...options, device });
}

/** True where ops that the device lacks would be moved to the CPU by ONNX Runtime without a word. */
export function isAccelerator(device: Device): boolean {
  return device === 'webgpu' || device === 'cuda';
}
