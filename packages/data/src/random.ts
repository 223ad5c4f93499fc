/**
 * Random numbers that depend only on named keys, so that sample 17 of epoch 3 looks the same in every run, on every
 * thread and after a resume. xoshiro128** (Blackman & Vigna 2018), its state expanded from a hash of the keys.
 */

/** A source of random numbers; pass it as an argument, never keep one in a module. */
export interface Rng {
  /** Uniform in [0,1), 32 bits. */
  next(): number;
  /** Uniform integer in [0,n), without bias; n in 1…2³². */
  int(n: number): number;
  /** Standard normal (Box & Muller 1958); takes two uniform numbers a call. */
  normal(): number;
}

/** What names a stream: an integer (a row, an epoch) or a word (`'shuffle'`). 1 and '1' name different streams. */
export type RandomKey = number | string;

/** An {@link Rng} that can be given new keys in place: one object serves a whole epoch without allocation. */
export class KeyedRandom implements Rng {
  #a = 0;
  #b = 0;
  #c = 0;
  #d = 0;

  constructor(seed: RandomKey, ...keys: RandomKey[]) {
    this.reseed(seed, ...keys);
  }

  /** Starts the stream of these keys from its beginning. */
  reseed(seed: RandomKey, ...keys: RandomKey[]): this {
    low = 0x9e3779b9 | 0;
    high = 0x243f6a88 | 0;
    absorb(seed);
    for (let i = 0; i < keys.length; i++) absorb(keys[i] as RandomKey);
    absorbWord(keys.length + 1);
    const first = finish(low ^ Math.imul(high, 0x85ebca6b));
    const second = finish(high ^ Math.imul(first, 0xc2b2ae35));
    this.#a = finish((first + 0x9e3779b9) | 0);
    this.#b = finish((second + 0x3c6ef372) | 0);
    this.#c = finish(first ^ (second << 1) ^ 0x5bd1e995);
    // xoshiro must not start from an all-zero state.
    this.#d = finish(second ^ (first << 1) ^ 0x1b873593) | 1;
    return this;
  }

  next(): number {
    return this.#word() / 4294967296;
  }

  int(n: number): number {
    if (!(n >= 1 && n <= 4294967296)) throw new RangeError(`int: n must lie in 1…2^32, came ${n}`);
    const limit = 4294967296 - (4294967296 % n);
    let word = this.#word();
    while (word >= limit) word = this.#word();
    return word % n;
  }

  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.next()));
    return radius * Math.cos(2 * Math.PI * this.next());
  }

  #word(): number {
    const scrambled = Math.imul(this.#b, 5);
    const word = Math.imul((scrambled << 7) | (scrambled >>> 25), 9) >>> 0;
    const shifted = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= shifted;
    this.#d = (this.#d << 11) | (this.#d >>> 21);
    return word;
  }
}

/** The stream named by a seed and keys: `randomFor(seed, 'augment', epoch, row)`. */
export function randomFor(seed: RandomKey, ...keys: RandomKey[]): KeyedRandom {
  return new KeyedRandom(seed, ...keys);
}

/** 0…n−1 in random order (Fisher & Yates). */
export function shuffledIndices(n: number, rng: Rng): Uint32Array {
  const indices = new Uint32Array(n);
  for (let i = 0; i < n; i++) indices[i] = i;
  return shuffle(indices, rng);
}

/** Puts the entries in random order, in place (Fisher & Yates). */
export function shuffle(indices: Uint32Array, rng: Rng): Uint32Array {
  for (let i = indices.length - 1; i > 0; i--) {
    const j = rng.int(i + 1);
    const kept = indices[i] as number;
    indices[i] = indices[j] as number;
    indices[j] = kept;
  }
  return indices;
}

// The two halves of the running hash. Module variables, because two return values would be an allocation a key.
let low = 0;
let high = 0;
const floatBits = new Float64Array(1);
const floatWords = new Uint32Array(floatBits.buffer);

function absorb(key: RandomKey): void {
  if (typeof key === 'string') {
    absorbWord(0x73747269);
    for (let i = 0; i < key.length; i++) absorbWord(key.charCodeAt(i));
    absorbWord(key.length);
  } else if ((key | 0) === key) {
    absorbWord(key);
  } else {
    if (Number.isNaN(key)) throw new RangeError('random key: expected a number or a word, came NaN');
    floatBits[0] = key;
    absorbWord(0x666c6f61);
    absorbWord(floatWords[0] as number);
    absorbWord(floatWords[1] as number);
  }
}

/** Two murmur3 rounds with different constants (Appleby 2008). */
function absorbWord(word: number): void {
  let k = Math.imul(word, 0xcc9e2d51);
  k = Math.imul((k << 15) | (k >>> 17), 0x1b873593);
  low ^= k;
  low = (Math.imul((low << 13) | (low >>> 19), 5) + 0xe6546b64) | 0;
  k = Math.imul(word ^ 0x2545f491, 0x239b961b);
  k = Math.imul((k << 17) | (k >>> 15), 0x38b34ae5);
  high ^= k;
  high = (Math.imul((high << 11) | (high >>> 21), 5) + 0x561ccd1b) | 0;
}

function finish(word: number): number {
  let h = word;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
