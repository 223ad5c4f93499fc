/** Which form of each heavy op a graph uses. Decided once, openly, by `chooseKernels`. */

/** The internal domain of ONNX Runtime's blocked convolutions. Not a public API: hence the pinned version and the probe. */
export const blockedDomain = 'com.microsoft.nchwc';

export interface Kernels {
  /** Channels in a block: 16 on AVX-512; 0 where only standard ops are used. */
  readonly block: number;
  /** True where the graph must do without ops that WebGPU's provider lacks; see `kernels/portable.ts`. Default false. */
  readonly portable?: boolean;
}

/** Standard ONNX ops: runs on every CPU, WebAssembly included. */
export const standardKernels: Kernels = { block: 0 };

/** Standard ONNX ops that accelerators have as well. */
export const portableKernels: Kernels = { block: 0, portable: true };
