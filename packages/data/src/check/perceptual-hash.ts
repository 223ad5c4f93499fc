/**
 * A 64-bit fingerprint that survives small changes: the signs of an image's low cosine frequencies (the "pHash" of
 * Zauner 2010, of 64 frequencies in zigzag order rather than of a square, without the mean).
 */

/** Frequencies in zigzag order after the mean: the 64 with the lowest u + v. */
const frequencies: readonly (readonly [u: number, v: number])[] = Array.from({ length: 11 }, (_, sum) =>
  Array.from({ length: sum + 1 }, (_, v) => [sum - v, v] as const),
)
  .flat()
  .slice(1, 65);
const highest = 10;
/** Planes are first averaged down to about this side: the frequencies looked at lie far below what it can hold. */
const reducedSide = 24;

/** Hashes grey planes of one size; keeps its tables and scratch, so use one for many images. */
export class PerceptualHasher {
  /** Side of the square of samples that becomes one. */
  readonly #step: number;
  readonly #width: number;
  /** The window that divides into such squares: where it begins in the plane, and its size in squares. */
  readonly #start: number;
  readonly #rows: number;
  readonly #columns: number;
  readonly #reduced: Float64Array;
  /** cos(π·(2x+1)·v / 2W) and the same down the columns, [frequency][place]. */
  readonly #across: Float64Array[];
  readonly #down: Float64Array[];
  /** The reduced plane transformed along its rows: [v][y]. */
  readonly #halfway: Float64Array[];
  readonly #values = new Float64Array(64);

  constructor(height: number, width: number) {
    this.#width = width;
    this.#step = Math.max(1, Math.floor(Math.min(height, width) / reducedSide));
    this.#rows = Math.floor(height / this.#step);
    this.#columns = Math.floor(width / this.#step);
    this.#start = ((height % this.#step) >> 1) * width + ((width % this.#step) >> 1);
    this.#reduced = new Float64Array(this.#rows * this.#columns);
    this.#across = cosines(this.#columns);
    this.#down = cosines(this.#rows);
    this.#halfway = Array.from({ length: highest + 1 }, () => new Float64Array(this.#rows));
  }

  /** plane [H,W] from offset → two words of 32 bits, written to out[at], out[at + 1]. */
  hash(plane: ArrayLike<number>, offset: number, out: Uint32Array, at: number): void {
    this.#reduce(plane, offset);
    this.#transform();
    const values = this.#values;
    // Against the median rather than 0, so that half of the bits are set and all of them tell something.
    const median = values.slice().sort()[32] as number;
    let low = 0;
    let high = 0;
    for (let bit = 0; bit < 32; bit++) {
      if ((values[bit] as number) >= median) low |= 1 << bit;
      if ((values[bit + 32] as number) >= median) high |= 1 << bit;
    }
    out[at] = low;
    out[at + 1] = high;
  }

  #reduce(plane: ArrayLike<number>, offset: number): void {
    const step = this.#step;
    const width = this.#width;
    const reduced = this.#reduced;
    let at = 0;
    for (let row = 0; row < this.#rows; row++) {
      for (let column = 0; column < this.#columns; column++) {
        const corner = offset + this.#start + row * step * width + column * step;
        let sum = 0;
        for (let y = 0; y < step; y++) for (let x = 0; x < step; x++) sum += plane[corner + y * width + x] as number;
        reduced[at++] = sum;
      }
    }
  }

  #transform(): void {
    const reduced = this.#reduced;
    const columns = this.#columns;
    for (let v = 0; v <= highest; v++) {
      const cosine = this.#across[v] as Float64Array;
      const halfway = this.#halfway[v] as Float64Array;
      for (let y = 0; y < this.#rows; y++) {
        let sum = 0;
        for (let x = 0; x < columns; x++) sum += (reduced[y * columns + x] as number) * (cosine[x] as number);
        halfway[y] = sum;
      }
    }
    for (let bit = 0; bit < frequencies.length; bit++) {
      const [u, v] = frequencies[bit] as readonly [number, number];
      const cosine = this.#down[u] as Float64Array;
      const halfway = this.#halfway[v] as Float64Array;
      let sum = 0;
      for (let y = 0; y < this.#rows; y++) sum += (halfway[y] as number) * (cosine[y] as number);
      this.#values[bit] = sum;
    }
  }
}

function cosines(size: number): Float64Array[] {
  return Array.from({ length: highest + 1 }, (_, frequency) =>
    Float64Array.from({ length: size }, (_, place) => Math.cos((Math.PI * (2 * place + 1) * frequency) / (2 * size))),
  );
}

/** Set bits of a 32-bit word. */
export function bitCount(word: number): number {
  let v = word - ((word >>> 1) & 0x55555555);
  v = (v & 0x33333333) + ((v >>> 2) & 0x33333333);
  return Math.imul((v + (v >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
