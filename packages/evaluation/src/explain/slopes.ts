/** How logits change with the last map, for those who can differentiate it: `LookingGlass` knows files, not derivatives. */
import type { OnnxModel } from '@mien/onnx';
import type { InnerValue } from './network-cut.ts';

/** Derivatives of the logits by the map they are made of. */
export interface Slopes {
  /** ∂ logit k ÷ ∂ map, where the map is as given, both [C,H,W]. */
  at(map: Float32Array, k: number): Promise<Float32Array>;
  release(): Promise<void>;
}

/** Makes them of the part of a network after `map` [1,C,H,W]: that value in, `output` [1,K] out. Undefined where it holds a node that cannot be differentiated. */
export type OpenSlopes = (tail: OnnxModel, map: InnerValue, output: string) => Promise<Slopes | undefined>;
