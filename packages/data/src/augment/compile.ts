/** From a recipe's augmentation list to one function a trainer calls for each sample. */
import { UserError } from '@mien/runtime';
import type { Rng } from '../random.ts';
import { identityMap } from './affine-map.ts';
import { cutHoles } from './cutout.ts';
import { drawMap } from './draw-map.ts';
import { adjust } from './photometric.ts';
import { RandomPolicy } from './randaugment.ts';
import { type Augmentation, type AugmentationInput, augmentationSchema, type CutoutOp, type GeometricOp, type PhotometricOp } from './schema.ts';
import { warp } from './warp.ts';

/** Sizes of the stored image [C,H,W] and of the network's input [C,outH,outW], which is cut from it. */
export interface Geometry {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly outHeight: number;
  readonly outWidth: number;
}

/**
 * Reads [C,H,W] 0…255 at srcOffset, writes [C,outH,outW] 0…1 at outOffset; what it does depends on nothing but rng.
 * `rollRad`: the stored face is first turned so that its eyes lie level, within the same resampling; default 0.
 */
export type AugmentSample = (src: Uint8Array, srcOffset: number, rng: Rng, out: Float32Array, outOffset: number, rollRad?: number) => void;

/** The same without chance: for evaluation. */
export type EvaluationSample = (src: Uint8Array, srcOffset: number, out: Float32Array, outOffset: number) => void;

/**
 * Checks the list and makes a function of it that allocates nothing per sample.
 * @throws UserError `bad-augmentation`, `crop-size`.
 */
export function compileAugmentation(list: AugmentationInput, geometry: Geometry): AugmentSample {
  const { ops, geometric, policy } = parseAugmentation(list, geometry);
  const photometric = ops.filter((op): op is PhotometricOp => op.op === 'brightness' || op.op === 'contrast' || op.op === 'blur');
  const cutouts = ops.filter((op): op is CutoutOp => op.op === 'cutout');
  const last = geometric.findLast((op) => op.op === 'affine');
  const { fill, value } = last ?? { fill: 'nearest' as const, value: 0 };
  const map = identityMap();
  return (src, srcOffset, rng, out, outOffset, rollRad = 0) => {
    drawMap(geometric, policy, geometry, rng, map, rollRad);
    warp(src, srcOffset, geometry, map, fill, value, out, outOffset);
    policy?.adjust(out, outOffset);
    adjust(photometric, geometry, rng, out, outOffset);
    policy?.cut(out, outOffset);
    for (const op of cutouts) cutHoles(op, geometry, rng, out, outOffset);
  };
}

/** An augmentation list as it is drawn from; `policy` keeps what it drew for one sample. */
interface ParsedAugmentation {
  readonly ops: Augmentation;
  readonly geometric: readonly GeometricOp[];
  readonly policy: RandomPolicy | undefined;
}

/** @throws UserError `bad-augmentation`, `crop-size`. */
export function parseAugmentation(list: AugmentationInput, geometry: Geometry): ParsedAugmentation {
  const parsed = augmentationSchema.safeParse(list);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new UserError(
      'bad-augmentation',
      `augmentation${issue?.path.map((part) => `[${String(part)}]`).join('') ?? ''}: ${issue?.message ?? 'not a list of operations'}`,
    );
  }
  checkGeometry(geometry);
  const ops = parsed.data;
  const random = ops.find((op) => op.op === 'randaugment');
  return {
    ops,
    geometric: ops.filter((op): op is GeometricOp => op.op === 'flip' || op.op === 'affine' || op.op === 'crop'),
    policy: random && new RandomPolicy(random, geometry),
  };
}

/**
 * The central window, 0…1, nothing else; where the difference in size is odd, the window that lies half a pixel to the left and above.
 * @throws UserError `crop-size`.
 */
export function evaluationImage(geometry: Geometry): EvaluationSample {
  checkGeometry(geometry);
  const map = identityMap();
  map.c = Math.floor((geometry.width - geometry.outWidth) / 2);
  map.f = Math.floor((geometry.height - geometry.outHeight) / 2);
  return (src, srcOffset, out, outOffset) => warp(src, srcOffset, geometry, map, 'nearest', 0, out, outOffset);
}

function checkGeometry({ height, width, outHeight, outWidth }: Geometry): void {
  if (outHeight > height || outWidth > width) {
    throw new UserError(
      'crop-size',
      `the network's input ${outHeight}×${outWidth} must not be larger than the stored images ${height}×${width}; choose a smaller input or import larger images`,
    );
  }
}
