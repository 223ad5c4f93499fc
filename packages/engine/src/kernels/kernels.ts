/** Which form of each heavy op a graph uses. Decided once, openly, by `probeKernels`. */

/** The internal domain of ONNX Runtime's blocked convolutions. Not a public API: hence the pinned version and the probe. */
export const blockedDomain = 'com.microsoft.nchwc';

export interface Kernels {
  /** Channels in a block: 16 on AVX-512; 0 where only standard ops are used. */
  readonly block: number;
}

/** Standard ONNX ops only: runs on every ONNX Runtime, wasm and WebGPU included. */
export const standardKernels: Kernels = { block: 0 };
