/** Where the networks run: chosen once, in the open, and never changed without a word. */
import { UserError } from '@mien/runtime';
import type { WebDevice } from './messages.ts';

/** `auto`: WebGPU where the browser has a real one, else WebAssembly. */
export type AskedDevice = 'auto' | WebDevice;

/** A change of device that was not asked for. */
export interface DeviceChange {
  /** Where the networks run from now on. */
  readonly device: WebDevice;
  /** Why: `webgpu-lost` when the graphics device went away, `webgpu-failed` when it could not run the networks. */
  readonly reason: UserError;
}

interface Gpu {
  requestAdapter(): Promise<{ readonly info?: { readonly isFallbackAdapter?: boolean }; readonly isFallbackAdapter?: boolean } | null>;
}

/** The device that `asked` means in this browser. Throws `UserError` `webgpu-missing`. */
export async function chooseDevice(asked: AskedDevice): Promise<WebDevice> {
  if (asked === 'wasm') return 'wasm';
  const gpu = (globalThis.navigator as { gpu?: Gpu }).gpu;
  const adapter = await gpu?.requestAdapter().catch(() => null);
  if (asked === 'webgpu') {
    if (!adapter) throw new UserError('webgpu-missing', "this browser has no WebGPU; leave `device` out, or say device: 'wasm'");
    return 'webgpu';
  }
  // A software adapter is slower than WebAssembly.
  const software = adapter?.info?.isFallbackAdapter ?? adapter?.isFallbackAdapter;
  return adapter && !software ? 'webgpu' : 'wasm';
}
