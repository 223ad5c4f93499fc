/** The `augmentation:` list of a recipe. */
import { z } from 'zod';

const probability = z.number().min(0).max(1);
const factorRange = z.tuple([z.number().positive(), z.number().positive()]).refine(([low, high]) => low <= high, 'expected [low, high] with low ≤ high');

/** Mirrors left and right. */
const flip = z.strictObject({ op: z.literal('flip'), probability: probability.default(0.5) });

/** Turns, moves and scales about the image's centre. */
const affine = z.strictObject({
  op: z.literal('affine'),
  probability: probability.default(1),
  /** Angle uniform in ±rotateDeg. */
  rotateDeg: z.number().min(0).max(180).default(0),
  /** Shift uniform in ±shift, a fraction of the width in x and of the height in y; one number for both or [x, y]. */
  shift: z.union([z.number().min(0).max(1), z.tuple([z.number().min(0).max(1), z.number().min(0).max(1)])]).default(0),
  /** Scale uniform in [low, high]; above 1 the face grows. */
  zoom: factorRange.default([1, 1]),
  /** What stands beyond the edge: the `nearest` edge pixel, the image mirrored (`reflect`), or `value`. The last affine of a list decides. */
  fill: z.enum(['nearest', 'reflect', 'constant']).default('nearest'),
  /** Grey level 0…1 of fill `constant`. */
  value: z.number().min(0).max(1).default(0),
});

/** A window of the network's input size at a random place; without it the window is the central one. */
const crop = z.strictObject({
  op: z.literal('crop'),
  /** How far the window may reach over each edge. */
  paddingPx: z.number().int().min(0).max(256).default(0),
});

/** v · factor, factor uniform in range, clipped to 0…1. */
const brightness = z.strictObject({ op: z.literal('brightness'), probability: probability.default(1), range: factorRange.default([0.8, 1.2]) });

/** mean + (v − mean) · factor with the mean of the image, factor uniform in range, clipped to 0…1. */
const contrast = z.strictObject({ op: z.literal('contrast'), probability: probability.default(1), range: factorRange.default([0.8, 1.2]) });

/** Coarse dropout (DeVries & Taylor 2017): squares of one value at random places, cut at the image's edges. */
const cutout = z.strictObject({
  op: z.literal('cutout'),
  probability: probability.default(0.5),
  holes: z.number().int().min(1).max(64).default(1),
  /** Side of a hole, a fraction of the shorter side. */
  size: z.number().positive().max(1).default(0.25),
  /** Grey level 0…1 of the hole. */
  value: z.number().min(0).max(1).default(0.5),
});

const operation = z.discriminatedUnion('op', [flip, affine, crop, brightness, contrast, cutout]);

const stageOf = { flip: 0, affine: 0, crop: 0, brightness: 1, contrast: 1, cutout: 2 } as const;

/**
 * Operations in the order they apply. Geometry (flip, affine, crop) comes first because it is done in one resampling,
 * then brightness and contrast, then cutout; a list in another order is refused rather than reordered.
 */
export const augmentationSchema = z.array(operation).superRefine((list, context) => {
  for (let i = 1; i < list.length; i++) {
    const [before, after] = [list[i - 1] as Operation, list[i] as Operation];
    if (stageOf[after.op] < stageOf[before.op]) {
      context.addIssue({
        code: 'custom',
        path: [i],
        message: `${after.op} must stand before ${before.op}: geometry, then brightness and contrast, then cutout`,
      });
    }
  }
  if (list.filter((each) => each.op === 'crop').length > 1) context.addIssue({ code: 'custom', message: 'expected one crop at most' });
});

type Operation = z.infer<typeof operation>;
/** A checked list, every default filled in. */
export type Augmentation = z.infer<typeof augmentationSchema>;
/** A list as a person writes it. */
export type AugmentationInput = z.input<typeof augmentationSchema>;
export type GeometricOp = Extract<Operation, { op: 'flip' | 'affine' | 'crop' }>;
export type PhotometricOp = Extract<Operation, { op: 'brightness' | 'contrast' }>;
export type CutoutOp = Extract<Operation, { op: 'cutout' }>;

/** System C's published list, which is also the usual one for 48×48 faces. */
export const faceAugmentation: AugmentationInput = [
  { op: 'flip', probability: 0.5 },
  { op: 'affine', rotateDeg: 10, shift: 0.08, zoom: [0.92, 1.08], fill: 'nearest' },
  { op: 'brightness', range: [0.8, 1.2] },
];
