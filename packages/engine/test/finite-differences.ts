/**
 * The judge of every gradient: with the loss L = Σ r·y for random r, dL/dx by autodiff must equal
 * (L(x + h) − L(x − h)) / 2h.
 *
 * Where ONNX Runtime has the op in double precision, the whole check runs in it, with a small h. Elsewhere (convolution,
 * pooling) the op is linear, or linear between its kinks, in each single input: a large h then has no truncation error
 * and keeps rounding small.
 */
import { type Session, type Shape, sizeOf, type TensorValue } from '@mien/onnx';
import { createSession } from '@mien/onnx/node';
import { expect } from 'vitest';
import { gradients } from '../src/autodiff.ts';
import { Graph, type Value } from '../src/graph.ts';
import { mul } from '../src/ops/arithmetic.ts';
import { sumAll } from '../src/ops/reduce.ts';
import { asFloat64, toFloat64 } from './float64.ts';
import { randomSource, uniform } from './random.ts';

export interface GradientCheck {
  /** Shape of each input, or its values; only inputs that are differentiable. Default values are uniform in ±1. */
  readonly inputs: Readonly<Record<string, Shape | { readonly shape: Shape; readonly values: Float32Array }>>;
  /** Inputs without gradient, as masks. */
  readonly fixed?: Readonly<Record<string, TensorValue>>;
  readonly build: (values: Readonly<Record<string, Value>>, graph: Graph) => Value;
  readonly precision?: 'float64' | 'float32';
  readonly step?: number;
  /** Largest difference allowed, relative to the largest gradient of the input. */
  readonly tolerance?: number;
  readonly seed?: number;
}

/** Elements of each input that are nudged; small inputs are checked whole. */
const samples = 24;

const isShape = (given: Shape | { values: Float32Array }): given is Shape => Array.isArray(given);

type Feeds = Record<string, TensorValue>;

async function open(graph: Graph, precision: string): Promise<Session> {
  const bytes = graph.encode();
  return createSession(precision === 'float64' ? toFloat64(bytes) : bytes, { threads: 1 });
}

function declare(graph: Graph, check: GradientCheck, shapes: Readonly<Record<string, Shape>>, trainable: boolean): Record<string, Value> {
  const values: Record<string, Value> = {};
  for (const [name, shape] of Object.entries(shapes)) values[name] = trainable ? graph.parameter(name, shape) : graph.input(name, shape);
  for (const [name, t] of Object.entries(check.fixed ?? {})) values[name] = graph.input(name, t.shape, t.dtype);
  return values;
}

/** Fails, naming the input and element, where the gradient is wrong. Also holds the graph without gradients to the same y. */
export async function checkGradients(check: GradientCheck): Promise<void> {
  const { precision = 'float64', seed = 1 } = check;
  const step = check.step ?? (precision === 'float64' ? 1e-5 : 0.25);
  const tolerance = check.tolerance ?? (precision === 'float64' ? 1e-6 : 3e-4);
  const shapes: Record<string, Shape> = {};
  const values: Record<string, Float32Array | Float64Array> = {};
  for (const [i, [name, given]] of Object.entries(check.inputs).entries()) {
    const { shape, values: numbers } = isShape(given) ? { shape: given, values: uniform(sizeOf(given), seed * 100 + i) } : given;
    shapes[name] = shape;
    values[name] = precision === 'float64' ? Float64Array.from(numbers) : numbers.slice();
  }
  const names = Object.keys(shapes);

  const full = new Graph('gradients');
  const inputs = declare(full, check, shapes, true);
  const y = check.build(inputs, full);
  const weights = full.input('loss_weights', y.shape);
  const derivatives = gradients(
    full,
    sumAll(mul(y, weights)),
    names.map((name) => inputs[name]!),
  );
  full.output('y', y);
  for (const [i, name] of names.entries()) {
    expect(derivatives[i]!.shape, `shape of the gradient by ${name}`).toEqual(shapes[name]);
    full.output(`d:${name}`, derivatives[i]!);
  }
  const forward = new Graph('forward');
  forward.output('y', check.build(declare(forward, check, shapes, false), forward));

  const wrap = (data: Float32Array | Float64Array, shape: Shape): TensorValue => ({ dtype: precision, shape, data }) as TensorValue;
  const r = uniform(sizeOf(y.shape), seed + 7, 0.5, 1.5).map((v, i) => (i % 2 ? v : -v));
  const feeds: Feeds = {};
  for (const [name, t] of Object.entries(check.fixed ?? {})) feeds[name] = precision === 'float64' ? asFloat64(t) : t;
  for (const name of names) feeds[name] = wrap(values[name]!, shapes[name]!);
  const [fullSession, forwardSession] = [await open(full, precision), await open(forward, precision)];
  try {
    const results = await fullSession.run({ ...feeds, loss_weights: wrap(precision === 'float64' ? Float64Array.from(r) : r, y.shape) });
    const outputs = async (): Promise<Float32Array> => (await forwardSession.run(feeds)).y!.data as Float32Array;
    const plain = await outputs();
    const trained = results.y!.data as Float32Array;
    for (let i = 0; i < plain.length; i++)
      expect(Math.abs(trained[i]! - plain[i]!), `y[${i}] with and without gradients`).toBeLessThan(1e-5 * (1 + Math.abs(plain[i]!)));
    const next = randomSource(seed + 13);
    for (const name of names) {
      const x = values[name]!;
      const analytic = results[`d:${name}`]!.data as Float32Array;
      expect(results[`d:${name}`]!.shape, `shape that came for the gradient by ${name}`).toEqual(shapes[name]);
      const magnitude = analytic.reduce((most, v) => Math.max(most, Math.abs(v)), 1e-2);
      const picked = x.length <= samples ? [...x.keys()] : Array.from({ length: samples }, () => Math.floor(next() * x.length));
      for (const at of picked) {
        const before = x[at]!;
        x[at] = before + step;
        const above = x[at]!;
        const high = await outputs();
        x[at] = before - step;
        const below = x[at]!;
        const low = await outputs();
        x[at] = before;
        let numeric = 0;
        for (let i = 0; i < high.length; i++) numeric += r[i]! * (high[i]! - low[i]!);
        numeric /= above - below;
        const difference = Math.abs(numeric - analytic[at]!);
        expect(difference <= tolerance * magnitude, `d ${name}[${at}]: autodiff ${analytic[at]}, differences ${numeric}, largest gradient ${magnitude}`).toBe(
          true,
        );
      }
    }
  } finally {
    await fullSession.release();
    await forwardSession.release();
  }
}
