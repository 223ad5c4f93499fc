/** Weights of a file made weights of one of Mien's networks. */
import type { Network } from '@mien/engine';
import type { Shape } from '@mien/onnx';
import { UserError } from '@mien/runtime';
import { type MissingWeight, matchTensors, type SkippedTensor, type TensorMatches } from './match-tensors.ts';
import { type ConvNormPair, type NetworkWeights, networkWeights, normWeightNames } from './network-weights.ts';
import { isSameNormalisation, type Normalisation, renormalise } from './normalisation.ts';
import { printableName } from './printable-name.ts';
import type { NamedTensor } from './safetensors.ts';

export interface ImportWeightsOptions {
  /**
   * How the images were normalised that the weights were learned on, and how they will be: the first convolution absorbs the
   * difference. Counts only where the file's has the channels that `expects` tells of. Default: no difference.
   */
  readonly normalisation?: { readonly expects: Normalisation; readonly gets: Normalisation };
}

/** A batch norm that the file holds folded into the convolution before it: conv(x) + bias. */
export interface FoldedNorm extends ConvNormPair {
  /** [O] */
  readonly bias: Float32Array;
}

export interface WeightImport {
  /** Weights by Mien's names, in plain ONNX order. May share memory with the tensors they came from. */
  readonly weights: Map<string, Float32Array>;
  /** What became what, folded batch norms first, then in the order of the network's weights. */
  readonly used: readonly { readonly from: string; readonly to: string }[];
  /** Those of `used` whose numbers were rearranged. */
  readonly reshaped: readonly { readonly from: string; readonly to: string; readonly how: string }[];
  /** By convolution; `unfoldBatchNorm` makes batch norms of them. */
  readonly folded: ReadonlyMap<string, FoldedNorm>;
  readonly skipped: readonly SkippedTensor[];
  readonly ignored: readonly string[];
  readonly missing: readonly MissingWeight[];
  /** Whose names the file uses, as `torchvision`. */
  readonly dialect: string;
}

/**
 * Takes from `tensors` what fits `network` at `input` [C,H,W]: names of torchvision, timm and Gluon, wrapped or not; dense
 * layers stored as convolutions; a stem for another number of channels; other numbers of patches. A classifier for other
 * classes does not fit and is skipped.
 * Nothing here refuses a file of another model: see `checkFit`. Throws `UserError` `bad-weights` for a tensor that is not finite, and for
 * a file without the moving mean that would take up a change of normalisation.
 */
export function importWeights(
  { network, input }: { readonly network: Network; readonly input: Shape },
  tensors: ReadonlyMap<string, NamedTensor>,
  options: ImportWeightsOptions = {},
): WeightImport {
  const target = networkWeights(network, input);
  return takeMatches(matchTensors(tensors, target), tensors, target, options);
}

function takeMatches(
  found: TensorMatches,
  tensors: ReadonlyMap<string, NamedTensor>,
  target: NetworkWeights,
  { normalisation }: ImportWeightsOptions,
): WeightImport {
  const weights = new Map<string, Float32Array>();
  const reshaped: { from: string; to: string; how: string }[] = [];
  const folded = new Map(found.folded.map(({ from, pair }) => [pair.conv, { ...pair, bias: finite(from, tensors.get(from)!.data) }]));
  const shifts: { conv: string; shift: Float32Array }[] = [];
  for (const { from, to, fit } of found.matches) {
    const { shape, data } = tensors.get(from)!;
    const conv = to.replace(/\.weight$/, '');
    const how = fit.how ? [fit.how] : [];
    const values = finite(from, data);
    const wanted = target.specs.get(to)!.shape;
    // A stem stored flat holds the same numbers as [O,C,kh,kw].
    const seen = shape.length === 4 ? shape : wanted;
    if (normalisation && target.stems.has(conv) && changesInput(normalisation, seen[1]!, wanted[1]!)) {
      const { expects, gets } = normalisation;
      // Grey weights are spread over the colours first: each of those may be normalised in its own way.
      const fitsFirst = shape.length !== 4 || shape[1] === 1;
      const renormalised = fitsFirst ? renormalise(fit.apply(values), wanted, expects, gets) : renormalise(values, shape, expects, gets);
      weights.set(to, fitsFirst ? renormalised.data : fit.apply(renormalised.data));
      shifts.push({ conv, shift: renormalised.shift });
      how.unshift(`normalisation ${describeNormalisation(expects)} → ${describeNormalisation(gets)}`);
    } else weights.set(to, fit.apply(values));
    if (how.length) reshaped.push({ from, to, how: how.join(', ') });
  }
  for (const { conv, shift } of shifts) addToOutput(conv, shift, weights, folded, target);
  const used = [...found.folded.map(({ from, pair }) => ({ from, to: `${pair.conv}.bias` })), ...found.matches.map(({ from, to }) => ({ from, to }))];
  return { weights, used, reshaped, folded, skipped: found.skipped, ignored: found.ignored, missing: found.missing, dialect: found.dialect };
}

/** Whether weights for `given` channels change when the network sees `wanted` of them. */
function changesInput({ expects, gets }: NonNullable<ImportWeightsOptions['normalisation']>, given: number, wanted: number): boolean {
  const applies = expects.mean.length === 1 || expects.mean.length === given;
  return applies && !isSameNormalisation(expects, gets, Math.max(given, wanted));
}

function describeNormalisation({ mean, std }: Normalisation): string {
  return `(v − ${mean.join('/')}) / ${std.join('/')}`;
}

/** Adds a constant per channel to what a convolution puts out, wherever the network has room for it. */
function addToOutput(
  conv: string,
  shift: Float32Array,
  weights: Map<string, Float32Array>,
  folded: Map<string, FoldedNorm>,
  { specs, pairs }: NetworkWeights,
): void {
  const foldedHere = folded.get(conv);
  const pair = pairs.get(conv);
  const mean = pair && normWeightNames(pair.norm)[2];
  if (foldedHere) folded.set(conv, { ...foldedHere, bias: foldedHere.bias.map((b, o) => b + shift[o]!) });
  else if (specs.has(`${conv}.bias`)) {
    const bias = weights.get(`${conv}.bias`);
    weights.set(`${conv}.bias`, bias ? bias.map((b, o) => b + shift[o]!) : shift);
  }
  // Batch norm subtracts its mean: norm(y + shift) with mean μ is norm(y) with μ − shift.
  else if (mean && weights.has(mean))
    weights.set(
      mean,
      weights.get(mean)!.map((m, o) => m - shift[o]!),
    );
  else {
    throw new UserError(
      'bad-weights',
      `${printableName(conv)}: the file has neither a bias nor ${mean ? `the moving mean ${printableName(mean)}` : 'a batch norm'} that could take up the change of normalisation; import it with --gets and --expects the same, and train with that normalise`,
    );
  }
}

function finite(name: string, data: Float32Array): Float32Array {
  const bad = data.findIndex((v) => !Number.isFinite(v));
  if (bad >= 0) {
    const message = `tensor ${printableName(name)} holds ${data[bad]} at ${bad}; expected finite numbers only: the file is damaged, or its training diverged`;
    throw new UserError('bad-weights', message);
  }
  return data;
}
