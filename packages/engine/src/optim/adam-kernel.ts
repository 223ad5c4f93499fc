/**
 * The arithmetic of one Adam update, twice: as a WebAssembly function on vectors of four, and in JavaScript for where that
 * cannot be had. Both round to single precision after every operation, in the same order, so that their results are equal
 * bit for bit: a run does not depend on which of them it got.
 */
import type { FloatArena } from './float-arena.ts';

// Of the two worlds this runs in, neither's type library is at hand.
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
};

/** The numbers of an update; see `adam`. */
export interface AdamCoefficients {
  readonly beta1: number;
  readonly beta2: number;
  /** Factor of the weight that is added to its gradient. */
  readonly l2: number;
  /** Share of the weight that is taken away: learning rate · decay where decay is decoupled, else 0. */
  readonly shrink: number;
  /** Learning rate ÷ (1 − β₁ᵗ). */
  readonly rate: number;
  /** 1 / √(1 − β₂ᵗ). */
  readonly unbias: number;
  readonly epsilon: number;
}

/** What an update reads and, but for the gradients, changes; all of one length. */
export interface AdamArrays {
  readonly weights: Float32Array;
  readonly gradients: Float32Array;
  readonly mean: Float32Array;
  readonly square: Float32Array;
}

export type AdamUpdate = (arrays: AdamArrays, coefficients: AdamCoefficients) => void;

/** g ← ∇ + l2·w; m ← β₁m + (1 − β₁)g; v ← β₂v + (1 − β₂)g²; w ← w − (shrink·w + rate·m / (√v · unbias + ε)). */
export const scriptUpdate: AdamUpdate = ({ weights, gradients, mean, square }, coefficients) => {
  const f = Math.fround;
  const [beta1, rest1, beta2, rest2, l2, shrink, rate, unbias, epsilon] = scalarsOf(coefficients).map(f) as Nine<number>;
  for (let i = 0; i < weights.length; i++) {
    const w = weights[i]!;
    const g = f(gradients[i]! + f(l2 * w));
    const m = f(f(beta1 * mean[i]!) + f(rest1 * g));
    const v = f(f(beta2 * square[i]!) + f(f(rest2 * g) * g));
    mean[i] = m;
    square[i] = v;
    weights[i] = w - f(f(shrink * w) + f(f(rate * m) / f(f(f(Math.sqrt(v)) * unbias) + epsilon)));
  }
};

type Nine<T> = [T, T, T, T, T, T, T, T, T];

/** The numbers both forms work with, in the order the module takes them. */
function scalarsOf({ beta1, beta2, l2, shrink, rate, unbias, epsilon }: AdamCoefficients): Nine<number> {
  return [beta1, 1 - beta1, beta2, 1 - beta2, l2, shrink, rate, unbias, epsilon];
}

// Instructions of WebAssembly (core specification 2.0, section 5.4), those with a prefix as functions of nothing.
const vector = (code: number): number[] => [0xfd, ...unsigned(code)];
const get = (local: number): number[] => [0x20, local];
const set = (local: number): number[] => [0x21, local];
const splat = vector(0x13);
const [sqrt, plus, minus, times, over] = [0xe3, 0xe4, 0xe5, 0xe6, 0xe7].map(vector) as [number[], number[], number[], number[], number[]];

function unsigned(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)];
}

/** Four values, `at` bytes into the array that begins at `base`. */
const load = (base: number, at: number): number[] => [...get(base), ...get(at), 0x6a, ...vector(0x00), 2, 0];
/** Puts what `value` makes there. */
const store = (base: number, at: number, value: readonly number[]): number[] => [...get(base), ...get(at), 0x6a, ...value, ...vector(0x0b), 2, 0];

/** The module, which imports the memory: `update(weights, gradients, mean, square, bytes, …scalars)`, all but the last by address. */
export function adamModule(): Uint8Array<ArrayBuffer> {
  const [weights, gradients, mean, square, bytes, firstScalar, scalars] = [0, 1, 2, 3, 4, 5, 9] as const;
  const at = firstScalar + scalars;
  const firstConstant = at + 1;
  const [beta1, rest1, beta2, rest2, l2, shrink, rate, unbias, epsilon] = Array.from({ length: scalars }, (_, i) => get(firstConstant + i)) as Nine<number[]>;
  const [w, g, m, v] = [0, 1, 2, 3].map((i) => firstConstant + scalars + i) as [number, number, number, number];
  const body = [
    ...Array.from({ length: scalars }, (_, i) => [...get(firstScalar + i), ...splat, ...set(firstConstant + i)]).flat(),
    ...[0x03, 0x40], // loop
    ...[...load(weights, at), ...set(w)],
    ...[...load(gradients, at), ...l2, ...get(w), ...times, ...plus, ...set(g)],
    ...[...beta1, ...load(mean, at), ...times, ...rest1, ...get(g), ...times, ...plus, ...set(m)],
    ...[...beta2, ...load(square, at), ...times, ...rest2, ...get(g), ...times, ...get(g), ...times, ...plus, ...set(v)],
    ...store(mean, at, get(m)),
    ...store(square, at, get(v)),
    ...store(weights, at, [
      ...[...get(w), ...shrink, ...get(w), ...times],
      ...[...rate, ...get(m), ...times, ...get(v), ...sqrt, ...unbias, ...times, ...epsilon, ...plus, ...over],
      ...[...plus, ...minus],
    ]),
    ...[...get(at), 0x41, 16, 0x6a, 0x22, at], // at += 16
    ...[...get(bytes), 0x49, 0x0d, 0x00, 0x0b], // while at < bytes
    0x0b,
  ];
  const [i32, f32, v128] = [0x7f, 0x7d, 0x7b];
  const locals = [2, 1, i32, scalars + 4, v128];
  const sized = (content: readonly number[]): number[] => [...unsigned(content.length), ...content];
  const name = (text: string): number[] => sized([...new TextEncoder().encode(text)]);
  const section = (id: number, content: readonly number[]): number[] => [id, ...sized(content)];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, firstScalar + scalars, ...new Array<number>(firstScalar).fill(i32), ...new Array<number>(scalars).fill(f32), 0]),
    ...section(2, [1, ...name('arena'), ...name('memory'), 2, 0, 1]),
    ...section(3, [1, 0]),
    ...section(7, [1, ...name('update'), 0, 0]),
    ...section(10, [1, ...sized([...locals, ...body])]),
  ]);
}

/** The vector form, for arrays that lie in the arena; undefined where the processor or the page does not allow it. */
export function vectorUpdate(arena: FloatArena): AdamUpdate | undefined {
  let exports: { update(...numbers: number[]): void };
  try {
    exports = new WebAssembly.Instance(new WebAssembly.Module(adamModule()), { arena: { memory: arena.memory } }).exports as typeof exports;
  } catch {
    return undefined;
  }
  return ({ weights, gradients, mean, square }, coefficients) => {
    if (weights.length === 0) return;
    const addresses = [weights, gradients, mean, square].map((values) => values.byteOffset);
    exports.update(...addresses, 4 * weights.length, ...scalarsOf(coefficients));
  };
}

/** The faster form that these arrays allow. */
export function adamUpdateFor(arrays: AdamArrays, arena: FloatArena | undefined): AdamUpdate {
  const inArena = arena && [arrays.weights, arrays.gradients, arrays.mean, arrays.square].every((values) => arena.contains(values));
  return (inArena && vectorUpdate(arena)) || scriptUpdate;
}
