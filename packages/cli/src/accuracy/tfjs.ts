/** The part of TensorFlow.js and of the peers' classes that is used to run them. */

export interface Tensor {
  data(): Promise<Float32Array>;
  dispose(): void;
}

export interface TensorFlow {
  env(): { set(flag: string, value: boolean): void };
  setWasmPaths(paths: Readonly<Record<string, string>>): void;
  setBackend(name: string): Promise<boolean>;
  tidy<T>(run: () => T): T;
  tensor(values: ArrayLike<number>, shape: readonly number[], dtype: string): Tensor;
  tensor1d(values: readonly number[]): Tensor;
  mul(a: Tensor, b: Tensor | number): Tensor;
  sub(a: Tensor, b: number): Tensor;
  div(a: Tensor, b: number): Tensor;
  sum(a: Tensor, axis: number, keepDims: boolean): Tensor;
  image: { resizeBilinear(image: Tensor, size: readonly [number, number], alignCorners: boolean): Tensor };
  io: { decodeWeights(bytes: ArrayBuffer, specs: readonly unknown[]): unknown; fromMemory(artifacts: object): unknown };
  loadGraphModel(handler: unknown): Promise<{ execute(input: Tensor): Tensor }>;
}

/** `@vladmandic/human` keeps TensorFlow.js as a member of its class. */
export interface HumanModule {
  Human: new (config: object) => { readonly tf: TensorFlow };
}

export interface FaceApiModule {
  readonly tf: TensorFlow;
  NetInput: new (faces: readonly Tensor[]) => object;
  FaceExpressionNet: new () => { loadFromWeightMap(weights: unknown): void; forwardInput(input: object): Tensor };
}
