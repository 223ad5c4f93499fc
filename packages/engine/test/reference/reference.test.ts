/** The engine against numbers recorded from an independent implementation; `record.mjs` writes them again. */
import { readFileSync } from 'node:fs';
import type { Shape } from '@mien/onnx';
import { expect, it } from 'vitest';
import { gradients } from '../../src/autodiff.ts';
import type { Graph, Value } from '../../src/graph.ts';
import { relativeError } from '../../src/kernels/probe.ts';
import { gelu, hardSwish, relu, relu6, sigmoid, silu, tanh } from '../../src/ops/activation.ts';
import { mul } from '../../src/ops/arithmetic.ts';
import { attention } from '../../src/ops/attention.ts';
import { conv, type ConvOptions } from '../../src/ops/conv.ts';
import { dense } from '../../src/ops/dense.ts';
import { layerNorm } from '../../src/ops/layer-norm.ts';
import { distillationLoss, softmaxCrossEntropy } from '../../src/ops/loss.ts';
import { matMul } from '../../src/ops/matmul.ts';
import { batchNorm } from '../../src/ops/normalization.ts';
import { averagePool, maxPool } from '../../src/ops/pooling.ts';
import { reduceMax, reduceMean, sumAll } from '../../src/ops/reduce.ts';
import { softmax } from '../../src/ops/softmax.ts';
import { evaluate, f32 } from '../evaluate.ts';

interface Options {
  readonly stride: number;
  readonly dilation: number;
  readonly pad: number & readonly [number, number, number, number];
  readonly size: number;
  readonly heads: number;
  readonly op: keyof typeof activations;
  readonly targets: readonly number[];
  readonly teacher: readonly number[];
  readonly temperature: number;
}

interface Case {
  readonly kind: keyof typeof kinds;
  readonly options: Options;
  readonly inputs: Readonly<Record<string, { readonly shape: Shape; readonly values: readonly number[] }>>;
  readonly y: { readonly shape: Shape; readonly values: readonly number[] };
  readonly weights: readonly number[];
  readonly gradients: Readonly<Record<string, readonly number[]>>;
}

const activations = { relu, relu6, sigmoid, tanh, silu, gelu, hardSwish };

const geometry = ({ stride, dilation, pad }: Options): ConvOptions => ({ stride: stride ?? 1, dilation: dilation ?? 1, padding: pad });

const kinds = {
  conv: (v: Record<string, Value>, o: Options) => conv(v.x!, v.w!, { ...geometry(o), bias: v.b }),
  depthwise: (v: Record<string, Value>, o: Options) => conv(v.x!, v.w!, { ...geometry(o), groups: v.x!.shape[1]! }),
  maxPool: (v: Record<string, Value>, o: Options) => maxPool(v.x!, o.size, { stride: o.stride, padding: o.pad }),
  // TensorFlow leaves the border out of its means.
  averagePool: (v: Record<string, Value>, o: Options) => averagePool(v.x!, o.size, { stride: o.stride, padding: o.pad, countPad: false }),
  batchNorm: (v: Record<string, Value>) => batchNorm(v.x!, v.gamma!, v.beta!).y,
  layerNorm: (v: Record<string, Value>) => layerNorm(v.x!, v.gamma!, v.beta!),
  dense: (v: Record<string, Value>) => dense(v.x!, v.w!, v.b!),
  matMul: (v: Record<string, Value>) => matMul(v.a!, v.b!),
  softmax: (v: Record<string, Value>) => softmax(v.x!),
  attention: (v: Record<string, Value>, o: Options) => attention(v.q!, v.k!, v.v!, o.heads),
  activation: (v: Record<string, Value>, o: Options) => activations[o.op](v.x!),
  channelMean: (v: Record<string, Value>) => reduceMean(v.x!, [1]),
  channelMax: (v: Record<string, Value>) => reduceMax(v.x!, [1]),
  spatialMax: (v: Record<string, Value>) => reduceMax(v.x!, [2, 3]),
  crossEntropy: (v: Record<string, Value>, o: Options, graph: Graph) => softmaxCrossEntropy(v.z!, graph.constant(o.targets, v.z!.shape)),
  distillation: (v: Record<string, Value>, o: Options, graph: Graph) => distillationLoss(v.s!, graph.constant(o.teacher, v.s!.shape), o.temperature),
};

const [first, ...rest] = readFileSync(new URL('tensorflow-js.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n');
const header = JSON.parse(first!) as { implementation: string; version: string };
const cases = rest.map((line) => JSON.parse(line) as Case);

it.each(cases.map((entry, i) => ({ ...entry, i, name: `${entry.kind}${entry.options.op ? ` ${entry.options.op}` : ''}` })))(
  `case $i, $name: as ${header.implementation} ${header.version}, forward and gradients`,
  async ({ kind, options, inputs, y, weights, gradients: expected }) => {
    const names = Object.keys(inputs);
    const feeds = Object.fromEntries(names.map((name) => [name, f32(inputs[name]!.values, inputs[name]!.shape)]));
    const results = await evaluate({ ...feeds, weights: f32(weights, y.shape) }, (values, graph) => {
      const out = kinds[kind](values, options, graph);
      expect(out.shape).toEqual(y.shape);
      const derivatives = gradients(
        graph,
        sumAll(mul(out, values.weights!)),
        names.map((name) => values[name]!),
      );
      return { y: out, ...Object.fromEntries(names.map((name, i) => [`d:${name}`, derivatives[i]!])) };
    });
    expect(relativeError(results.y!, Float32Array.from(y.values)), 'y').toBeLessThan(1e-5);
    for (const name of names) expect(relativeError(results[`d:${name}`]!, Float32Array.from(expected[name]!)), `d ${name}`).toBeLessThan(2e-5);
  },
);
