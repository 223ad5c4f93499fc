/** Small builds of every architecture: little to compute, sides not equal, no part of it left out but dropout, with which a training graph has no evaluation mode. */
import { buildNetwork, describeNetwork, type Network, type WeightSpec } from '@mien/engine';
import type { BuildOptions } from '../src/architecture.ts';
import { architectures } from '../src/registry.ts';
import { randomSource } from './random.ts';

export const classes = 7;

interface SmallBuild {
  /** Where the build is not named after it. */
  readonly architecture?: string;
  readonly input: readonly [number, number, number];
  readonly options: Omit<BuildOptions, 'classes'>;
  /** Middle of the running variances, where activations are no longer of the size they come in. Default 1. */
  readonly variance?: number;
}

const narrow = { width: 0.25, dropout: 0 };
const vgg = { input: [3, 33, 40], options: { ...narrow, hidden: 32 } } as const;
const resnet = { input: [3, 33, 40], options: narrow } as const;
const systemC = { convDropout: 0, denseDropout: 0 };
const mien = { widths: '16-32-48', depths: '1-2-1', zeroInit: false, dropout: 0 };

const builds: Record<string, SmallBuild> = {
  'mien-net': { input: [1, 18, 22], options: mien },
  'mien-net with landmarks': { architecture: 'mien-net', input: [1, 18, 22], options: { ...mien, landmarks: true, landmarkDropout: 0 } },
  'mien-net-small': { input: [3, 18, 22], options: { ...mien, gate: 'cbam', shortcut: 'pooled', stemStride: 2 } },
  'mien-seresnet': { input: [1, 18, 22], options: { dropout: 0 } },
  'shallow-cnn': { input: [1, 10, 12], options: systemC },
  'deeper-cnn': { input: [1, 16, 18], options: systemC },
  'se-cnn': { input: [1, 8, 10], options: systemC },
  'se-cnn-improved': { input: [1, 10, 12], options: systemC },
  'resnet18-patch-attention': { input: [3, 36, 40], options: { ...narrow, stem: 'small', heads: 2 } },
  // Five pools leave 2×3 cells for its spatial attention to tell apart.
  'vgg16-cbam': { ...vgg, input: [3, 65, 96] },
  'resnet18-cbam': { input: [1, 18, 22], options: { ...narrow, stem: 'small' } },
  'resnet18-regions': { input: [3, 33, 40], options: { ...narrow, headDim: 32, headDepth: 1, headPool: 'mean', stages: 3 } },
  resnet18: resnet,
  'resnet18-48': { input: [1, 10, 12], options: { ...narrow, se: true, head: 'transformer', headDim: 32, headDepth: 1 } },
  resnet34: resnet,
  resnet50: resnet,
  vgg16: vgg,
  'vgg16-bn': { ...vgg, options: { ...vgg.options, cbam: 'after-base', head: 'transformer', headDim: 32 } },
  vgg19: vgg,
  'vgg16 with CBAM after every convolution': {
    ...vgg,
    architecture: 'vgg16',
    options: { ...vgg.options, batchNorm: true, cbam: 'every-convolution', head: 'gap' },
    // Two gates of about a half after every convolution.
    variance: 1 / 9,
  },
  'vgg19-bn': vgg,
  'inception-v3': { input: [3, 75, 79], options: narrow },
  mobilenetv2: { input: [3, 33, 40], options: narrow },
  'efficientnet-b0': { input: [3, 33, 40], options: { dropout: 0, dropPath: 0 } },
  'vit-small': { input: [3, 16, 24], options: { patch: 8, dim: 48, depth: 2 } },
};

/** Of all builds: every architecture, and variants of some. */
export const smallBuildNames: readonly string[] = Object.keys(builds);

export interface Setting {
  readonly network: Network;
  readonly input: readonly [number, number, number];
  readonly specs: readonly WeightSpec[];
  readonly weights: ReadonlyMap<string, Float32Array>;
}

/** Throws for an architecture of the registry that has no small build. */
export function smallBuild(name: string): { network: Network; input: readonly [number, number, number] } {
  const build = builds[name];
  const architecture = architectures.find((a) => a.name === (build?.architecture ?? name));
  if (!architecture || !build) throw new Error(`${name}: not in the registry, or without a small build in small-builds.ts`);
  return { network: architecture.build({ classes, channels: build.input[0], ...build.options }), input: build.input };
}

/**
 * Weights as of a trained network: nothing is zero, one or symmetric, so that no part can hide, and sizes hardly grow from
 * layer to layer.
 */
function trainedLike({ name, shape }: WeightSpec, seed: number, variance: number): Float32Array {
  const { next } = randomSource(seed);
  const fanIn = shape.slice(1).reduce((product, dim) => product * dim, 1);
  const isVector = shape.length === 1;
  const middle = name.endsWith('running_var') ? variance : 1;
  const [centre, spread] =
    name.endsWith('running_var') || (isVector && name.endsWith('.weight')) ? [middle, 0.5 * middle] : isVector ? [0, 0.2] : [0, Math.sqrt(6 / fanIn)];
  const size = shape.reduce((product, dim) => product * dim, 1);
  return Float32Array.from({ length: size }, () => centre + spread * (2 * next() - 1));
}

export function smallSetting(name: string): Setting {
  const { network, input } = smallBuild(name);
  const { specs } = buildNetwork(network, input, { mode: 'infer', batch: 1 });
  return { network, input, specs, weights: new Map(specs.map((spec, i) => [spec.name, trainedLike(spec, i + 1, builds[name]?.variance ?? 1)])) };
}

function normals(size: number, seed: number): Float32Array {
  const random = randomSource(seed);
  return Float32Array.from({ length: size }, () => random.normal());
}

/** Pixels of N images, roughly standard normal. */
export function pixels(N: number, input: readonly number[]): Float32Array {
  return normals(N * input[0]! * input[1]! * input[2]!, 5);
}

/** What the network takes beside the pixels, for N samples; those of the first are the same for every N. */
export function secondInputs({ network, input }: Pick<Setting, 'network' | 'input'>, N: number): Record<string, { shape: number[]; data: Float32Array }> {
  const { secondInputs: inputs } = describeNetwork(network, input);
  return Object.fromEntries(
    inputs.map(({ name, shape }, i) => {
      const size = shape.reduce((product, dim) => product * dim, 1);
      return [name, { shape: [N, ...shape], data: normals(N * size, 6 + i) }];
    }),
  );
}
