/**
 * A block of WebAssembly memory that arrays are cut from, so that vector code can work on weights, gradients and moments where
 * they are. To everyone else they are ordinary `Float32Array`s; ONNX Runtime reads and writes them without a copy.
 */

// Of the two worlds this runs in, neither's type library is at hand.
declare const WebAssembly: { readonly Memory: new (limits: { initial: number; maximum: number }) => { readonly buffer: ArrayBuffer } };

const bytesPerPage = 65536;
/** Vectors are 16 bytes: arrays begin at multiples of that, and what follows the last value belongs to the array. */
const bytesPerVector = 16;

export class FloatArena {
  /** A `WebAssembly.Memory` that never grows: growing would detach every array. */
  readonly memory: { readonly buffer: ArrayBuffer };
  #used = 0;

  private constructor(memory: { readonly buffer: ArrayBuffer }) {
    this.memory = memory;
  }

  /** Bytes an array of this length takes. */
  static bytesOf(length: number): number {
    return Math.ceil((4 * length) / bytesPerVector) * bytesPerVector;
  }

  /** Reserves address space; pages count only once they are written to. Undefined where there is no such memory to be had. */
  static create(bytes: number): FloatArena | undefined {
    const pages = Math.ceil(bytes / bytesPerPage);
    try {
      return new FloatArena(new WebAssembly.Memory({ initial: pages, maximum: pages }));
    } catch {
      return undefined;
    }
  }

  /** An array of zeros in the arena; undefined when it is full. */
  allocate(length: number): Float32Array | undefined {
    const { buffer } = this.memory;
    const at = this.#used;
    if (at + FloatArena.bytesOf(length) > buffer.byteLength) return undefined;
    this.#used += FloatArena.bytesOf(length);
    return new Float32Array(buffer, at, length);
  }

  contains(values: Float32Array): boolean {
    return values.buffer === this.memory.buffer;
  }
}
