/**
 * One interface to ONNX Runtime, with a Node and a web implementation (`@mien/onnx/node`, `@mien/onnx/web`).
 * Everything above this package sees only these types.
 */
import type { Device } from './device.ts';
import type { TensorValue } from './tensor.ts';

export interface SessionOptions {
  /**
   * Threads inside one operator. Default: Node, all cores; web, a few where the page is cross-origin isolated, else one.
   * In a browser the first session decides for all.
   */
  readonly threads?: number;
  /** Where the graph runs, all of it. A device that cannot be had, or cannot run every op, is a `DeviceError`. Default: `cpu` in Node, `wasm` in browsers. */
  readonly device?: Device;
  /** ONNX Runtime's arena pattern planning; off halves the peak memory of large training graphs. Default true. */
  readonly memoryPattern?: boolean;
  /** Graph optimisation by ONNX Runtime. Default 'all'. */
  readonly optimize?: 'all' | 'extended' | 'basic' | 'disabled';
  /** Writes an operator-level profile with this file prefix (Node only). */
  readonly profile?: string;
}

export type Feeds = Readonly<Record<string, TensorValue>>;

export interface Session {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  /**
   * Runs the graph. `fetches` names the outputs wanted (default: all); where an entry holds a tensor, the output lands in
   * that tensor's data: directly in Node, by one copy in browsers. Feeds are passed without a copy in Node.
   */
  run(feeds: Feeds, fetches?: readonly string[] | Readonly<Record<string, TensorValue>>): Promise<Record<string, TensorValue>>;
  /** A bound runner: feeds and fetches wrapped once, run many times. Contents may change between runs, shapes may not. */
  bind(feeds: Feeds, fetches: Readonly<Record<string, TensorValue>>): () => Promise<void>;
  release(): Promise<void>;
}

/** Opens a session on the bytes of an `.onnx` file. */
export type CreateSession = (model: Uint8Array, options?: SessionOptions) => Promise<Session>;
