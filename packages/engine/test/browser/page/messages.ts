/** What the page asks of its worker, and what comes back. */
import type { Device } from '@mien/onnx';

export interface TrainRequest {
  readonly device: Device;
  readonly steps: number;
  readonly threads?: number;
  /** Where ONNX Runtime's files are served. */
  readonly ortUrl: string;
}

export interface TrainReply {
  readonly losses: readonly number[];
  readonly report: string;
  readonly model: Uint8Array;
  readonly images: Float32Array;
  readonly logits: Float32Array;
  readonly ms: number;
}

export type Reply = { readonly done: TrainReply } | { readonly failed: { readonly name: string; readonly message: string } };
