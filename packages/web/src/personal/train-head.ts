/**
 * A new last layer for one person: softmax regression on the features of recorded frames, trained with Mien's engine in this tab.
 * The network below stays as it is, so a few seconds a class are enough and training takes a moment.
 */
import type { CreateSession } from '@mien/onnx';
import { adam, denseLayer, flatten, standardKernels, TrainStep } from '@mien/engine';
import { UserError } from '@mien/runtime';
import type { Head } from '../model/tap-model.ts';

/** Features [D] of one frame and the class it was recorded for. */
export interface Example {
  readonly features: Float32Array;
  readonly label: string;
}

export interface TrainedHead {
  /** [K,D] */
  readonly weight: Float32Array;
  /** [K] */
  readonly bias: Float32Array;
}

/** The last part of each recording is held out, not frames at random: neighbours in a video are nearly the same picture. */
const heldOutShare = 0.3;
export const fewestFramesPerClass = 10;

/** Splits each class's frames in the order they were recorded. Throws `UserError` `too-few-recordings`. */
export function splitRecordings(recordings: ReadonlyMap<string, readonly Float32Array[]>): { train: Example[]; heldOut: Example[] } {
  const short = [...recordings].find(([, frames]) => frames.length < fewestFramesPerClass);
  if (recordings.size < 2 || short) {
    const came = short ? `${short[1].length} frames of ${short[0]}` : `${recordings.size} ${recordings.size === 1 ? 'class' : 'classes'}`;
    throw new UserError(
      'too-few-recordings',
      `a personal model needs at least two classes of ${fewestFramesPerClass} frames each, there are ${came}; record more`,
    );
  }
  const train: Example[] = [];
  const heldOut: Example[] = [];
  for (const [label, frames] of recordings) {
    const cut = Math.round(frames.length * (1 - heldOutShare));
    for (const [i, features] of frames.entries()) (i < cut ? train : heldOut).push({ features, label });
  }
  return { train, heldOut };
}

const steps = 200;
const batch = 32;
const learningRate = 0.02;
const weightDecay = 0.02;

/**
 * Trains a head for `labels` [K]. Features are scaled to unit variance for training and the scale is folded back into the weights, so that
 * one learning rate suits every network. Batches go round the classes in turn: each counts the same however long it was recorded.
 * Deterministic. `onProgress` gets steps.
 */
export async function trainHead(
  examples: readonly Example[],
  labels: readonly string[],
  start: Head | undefined,
  createSession: CreateSession,
  onProgress: (done: number, total: number) => void = () => {},
): Promise<TrainedHead> {
  const D = examples[0]!.features.length;
  const K = labels.length;
  const { mean, deviation } = statistics(examples, D);
  const step = await TrainStep.create({
    network: (net, x) => denseLayer(net, 'head', flatten(x), K),
    input: [D, 1, 1],
    classes: K,
    batch,
    kernels: standardKernels,
    createSession,
    threads: 1,
  });
  try {
    // From the head there was, seen through the scaling; classes of one's own start at zero.
    const weight = new Float32Array(K * D);
    const bias = new Float32Array(K);
    if (start) {
      for (let k = 0; k < K; k++) {
        bias[k] = start.bias[k]!;
        for (let d = 0; d < D; d++) {
          weight[k * D + d] = start.weight[k * D + d]! * deviation[d]!;
          bias[k]! += start.weight[k * D + d]! * mean[d]!;
        }
      }
    }
    step.load(
      new Map([
        ['head.weight', weight],
        ['head.bias', bias],
      ]),
    );
    const byClass = labels.map((label) => examples.filter((example) => example.label === label)).filter((frames) => frames.length > 0);
    const optimizer = adam(step.slots, { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay, decoupled: true });
    for (let s = 0; s < steps; s++) {
      step.targets.fill(0);
      for (let n = 0; n < batch; n++) {
        const turn = s * batch + n;
        const frames = byClass[turn % byClass.length]!;
        // A stride without a common divisor with most lengths visits all frames in a scattered order.
        const { features, label } = frames[(Math.floor(turn / byClass.length) * 7919) % frames.length]!;
        for (let d = 0; d < D; d++) step.images[n * D + d] = (features[d]! - mean[d]!) / deviation[d]!;
        step.targets[n * K + labels.indexOf(label)] = 1;
      }
      await step.run();
      optimizer.step(learningRate * (1 - s / steps));
      onProgress(s + 1, steps);
    }
    return unscaled(step.save(), mean, deviation, K);
  } finally {
    await step.release();
  }
}

function statistics(examples: readonly Example[], D: number): { mean: Float64Array; deviation: Float64Array } {
  const mean = new Float64Array(D);
  const deviation = new Float64Array(D);
  for (const { features } of examples) for (let d = 0; d < D; d++) mean[d]! += features[d]! / examples.length;
  for (const { features } of examples) for (let d = 0; d < D; d++) deviation[d]! += (features[d]! - mean[d]!) ** 2 / examples.length;
  // A feature that never moves must not be blown up.
  for (let d = 0; d < D; d++) deviation[d] = Math.sqrt(deviation[d]!) + 1e-3;
  return { mean, deviation };
}

/** W·(x−μ)/σ + b = (W/σ)·x + (b − (W/σ)·μ) */
function unscaled(weights: ReadonlyMap<string, Float32Array>, mean: Float64Array, deviation: Float64Array, K: number): TrainedHead {
  const D = mean.length;
  const weight = weights.get('head.weight')!.slice();
  const bias = weights.get('head.bias')!.slice();
  for (let k = 0; k < K; k++) {
    for (let d = 0; d < D; d++) {
      weight[k * D + d]! /= deviation[d]!;
      bias[k]! -= weight[k * D + d]! * mean[d]!;
    }
  }
  return { weight, bias };
}

/** The index of the label a head gives features [D]. */
export function classify({ weight, bias }: TrainedHead, features: Float32Array): number {
  const D = features.length;
  let best = 0;
  let highest = Number.NEGATIVE_INFINITY;
  for (let k = 0; k < bias.length; k++) {
    let logit = bias[k]!;
    for (let d = 0; d < D; d++) logit += weight[k * D + d]! * features[d]!;
    if (logit > highest) [best, highest] = [k, logit];
  }
  return best;
}
