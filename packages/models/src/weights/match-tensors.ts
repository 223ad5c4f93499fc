/** Which tensor of a file becomes which weight of a network: by names and shapes alone, so that trying many networks is cheap. */
import type { Shape } from '@mien/onnx';
import { dialects, type Translate } from './dialects.ts';
import { type Fit, fitTensor } from './fit-tensor.ts';
import { type ConvNormPair, type NetworkWeights, normWeightNames } from './network-weights.ts';

export interface Match {
  /** Name in the file, and of the weight. */
  readonly from: string;
  readonly to: string;
  readonly fit: Fit;
}

/** A convolution's bias that holds the batch norm folded into it; the network has the batch norm instead. */
export interface FoldedMatch {
  readonly from: string;
  readonly pair: ConvNormPair;
}

export interface SkippedTensor {
  readonly name: string;
  readonly shape: Shape;
  readonly reason: string;
  /** The weight it would be by its name; empty where its name has no counterpart. */
  readonly to: string;
}

export interface MissingWeight {
  readonly name: string;
  readonly shape: Shape;
}

export interface TensorMatches {
  /** Whose names the file uses. */
  readonly dialect: string;
  /** In the order of the network's weights. */
  readonly matches: readonly Match[];
  readonly folded: readonly FoldedMatch[];
  readonly skipped: readonly SkippedTensor[];
  /** Counters of training steps, which no network needs. */
  readonly ignored: readonly string[];
  /** Weights the file does not give; without the batch norms of folded convolutions. */
  readonly missing: readonly MissingWeight[];
}

/** Tensors by name, of which only the shapes are looked at. */
export type Shapes = ReadonlyMap<string, { readonly shape: Shape }>;

/** What wrappers put before every name: data-parallel and compiled modules, detectors, trainers. */
const wrappers = /^(?:module|model|backbone|_orig_mod|net)\./;

/** The name without what wrappers put before it. */
function unwrap(name: string, known: ReadonlyMap<string, unknown>): string {
  let inner = name;
  while (!known.has(inner) && wrappers.test(inner)) inner = inner.replace(wrappers, '');
  return inner;
}

/** Matches by one dialect. `given` holds the names of the file without their wrappers. */
function matchBy(dialect: string, translate: Translate, shapes: Shapes, given: ReadonlyMap<string, string>, target: NetworkWeights): TensorMatches {
  const { specs, pairs, stems } = target;
  const names = new Map([...given].map(([name, inner]) => [name, translate(inner) ?? '']));
  const present = new Set(names.values());
  const matches: Match[] = [];
  const skipped: SkippedTensor[] = [];
  const taken = new Set<string>();
  const biases: FoldedMatch[] = [];
  for (const [from, to] of names) {
    const { shape } = shapes.get(from)!;
    const layer = to.replace(/\.[^.]*$/, '');
    const spec = specs.get(to);
    const fit = spec && fitTensor(to, shape, spec.shape, stems.has(layer));
    const pair = to === `${layer}.bias` ? pairs.get(layer) : undefined;
    if (taken.has(to)) skipped.push({ name: from, shape, to, reason: `${to} came before` });
    else if (fit) matches.push({ from, to, fit });
    else if (!spec && pair && isFolded(pair, shape, present, specs)) biases.push({ from, pair });
    else skipped.push({ name: from, shape, to, reason: spec ? `it is [${shape}], the model has [${spec.shape}]` : 'the model has no such weight' });
    if (fit || pair) taken.add(to);
  }
  // A bias alone is no folded convolution.
  const folded = biases.filter(({ pair }) => taken.has(`${pair.conv}.weight`));
  for (const { from, pair } of biases) {
    if (!folded.some((f) => f.from === from))
      skipped.push({ name: from, shape: shapes.get(from)!.shape, to: `${pair.conv}.bias`, reason: 'its convolution did not fit' });
  }
  const unfolded = new Set(folded.flatMap(({ pair }) => normWeightNames(pair.norm)));
  const missing = [...specs.values()].filter(({ name }) => !taken.has(name) && !unfolded.has(name)).map(({ name, shape }) => ({ name, shape }));
  const order = new Map([...specs.keys()].map((name, at) => [name, at]));
  matches.sort((a, b) => order.get(a.to)! - order.get(b.to)!);
  return { dialect, matches, folded, skipped, ignored: [], missing };
}

/** Whether a bias of this shape holds the norm of its convolution: where the file has nothing else of that norm. */
function isFolded({ norm }: ConvNormPair, shape: Shape, present: ReadonlySet<string>, specs: NetworkWeights['specs']): boolean {
  const names = normWeightNames(norm);
  return shape.length === 1 && shape[0] === specs.get(names[0])!.shape[0] && !names.some((name) => present.has(name));
}

/** Weights of the network that come from the file, folded batch norms counted by their bias. */
export function fittedCount({ matches, folded }: TensorMatches): number {
  return matches.length + folded.length;
}

/** Matches the file with the network, in the dialect by which most tensors fit. */
export function matchTensors(shapes: Shapes, target: NetworkWeights): TensorMatches {
  const ignored = [...shapes.keys()].filter((name) => name.endsWith('num_batches_tracked'));
  const given = new Map([...shapes.keys()].filter((name) => !name.endsWith('num_batches_tracked')).map((name) => [name, unwrap(name, target.specs)]));
  const inner = [...given.values()];
  const known = new Set(target.specs.keys());
  let best: TensorMatches | undefined;
  for (const { name, translator } of dialects) {
    const found = matchBy(name, translator(inner, known), shapes, given, target);
    if (!best || fittedCount(found) > fittedCount(best)) best = found;
  }
  return { ...best!, ignored };
}
