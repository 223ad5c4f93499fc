/** The `augmentation:` list of a recipe. */
import { z } from 'zod';

const probability = z.number().min(0).max(1);
const rangeOf = (value: z.ZodNumber) => z.tuple([value, value]).refine(([low, high]) => low <= high, 'expected [low, high] with low ≤ high');
const factorRange = rangeOf(z.number().positive());
/** One number for both directions, or [x, y]. */
const perAxis = (value: z.ZodNumber) => z.union([value, z.tuple([value, value])]);

/** Mirrors left and right. */
const flip = z.strictObject({ op: z.literal('flip'), probability: probability.default(0.5) });

/** Turns, moves, scales and slants about the image's centre. */
const affine = z.strictObject({
  op: z.literal('affine'),
  probability: probability.default(1),
  /** Angle uniform in ±rotateDeg. */
  rotateDeg: z.number().min(0).max(180).default(0),
  /** Shift uniform in ±shift, a fraction of the width in x and of the height in y; one number for both or [x, y]. */
  shift: perAxis(z.number().min(0).max(1)).default(0),
  /** The same in pixels of the stored image; adds to `shift`. */
  shiftPx: perAxis(z.number().min(0).max(1024)).default(0),
  /** Scale uniform in [low, high]; above 1 the face grows. */
  zoom: factorRange.default([1, 1]),
  /** Slant along x, angle uniform in ±shearDeg. */
  shearDeg: z.number().min(0).max(45).default(0),
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

/** Gaussian blur, the edge pixels repeated beyond the edge. */
const blur = z.strictObject({
  op: z.literal('blur'),
  probability: probability.default(0.5),
  /** Standard deviation in stored pixels, before images are resized to the network's input; uniform in [low, high]. */
  sigmaPx: rangeOf(z.number().positive().max(32)).default([0.3, 1]),
});

/** Coarse dropout (DeVries & Taylor 2017): squares of one value at random places, cut at the image's edges. */
const cutout = z.strictObject({
  op: z.literal('cutout'),
  probability: probability.default(0.5),
  /** How many, or [fewest, most]. */
  holes: z.union([z.number().int().min(1).max(64), rangeOf(z.number().int().min(1).max(64))]).default(1),
  /** Side of a hole, a fraction of the shorter side; or [low, high], each hole of its own size. */
  size: z.union([z.number().positive().max(1), rangeOf(z.number().positive().max(1))]).default(0.25),
  /** Grey level 0…1 of the hole. */
  value: z.number().min(0).max(1).default(0.5),
});

/** RandAugment (Cubuk et al. 2020): `n` operations drawn with equal chances, all of magnitude `m`; see `randaugment.ts` for the operations. */
const randaugment = z.strictObject({
  op: z.literal('randaugment'),
  n: z.number().int().min(1).max(8).default(2),
  /** 0 changes nothing, 10 is the strongest. */
  m: z.number().min(0).max(10).default(5),
});

const operation = z.discriminatedUnion('op', [flip, affine, crop, randaugment, brightness, contrast, blur, cutout]);

const stageOf = { flip: 0, affine: 0, crop: 0, randaugment: 1, brightness: 2, contrast: 2, blur: 2, cutout: 3 } as const;

/**
 * Operations in the order they apply. Geometry (flip, affine, crop) comes first because it is done in one resampling,
 * then randaugment, which may add to each of the stages, then brightness, contrast and blur, then cutout; a list in
 * another order is refused rather than reordered.
 */
export const augmentationSchema = z.array(operation).superRefine((list, context) => {
  for (let i = 1; i < list.length; i++) {
    const [before, after] = [list[i - 1] as Operation, list[i] as Operation];
    if (stageOf[after.op] < stageOf[before.op]) {
      context.addIssue({
        code: 'custom',
        path: [i],
        message: `${after.op} must stand before ${before.op}: geometry, randaugment, then brightness, contrast and blur, then cutout`,
      });
    }
  }
  for (const single of ['crop', 'randaugment'] as const) {
    if (list.filter((each) => each.op === single).length > 1) context.addIssue({ code: 'custom', message: `expected one ${single} at most` });
  }
});

type Operation = z.infer<typeof operation>;
/** A checked list, every default filled in. */
export type Augmentation = z.infer<typeof augmentationSchema>;
/** A list as a person writes it. */
export type AugmentationInput = z.input<typeof augmentationSchema>;
export type GeometricOp = Extract<Operation, { op: 'flip' | 'affine' | 'crop' }>;
export type RandAugmentOp = Extract<Operation, { op: 'randaugment' }>;
export type PhotometricOp = Extract<Operation, { op: 'brightness' | 'contrast' | 'blur' }>;
export type CutoutOp = Extract<Operation, { op: 'cutout' }>;

/** System C's published list, which is also the usual one for 48×48 faces. */
export const faceAugmentation: AugmentationInput = [
  { op: 'flip', probability: 0.5 },
  { op: 'affine', rotateDeg: 10, shift: 0.08, zoom: [0.92, 1.08], fill: 'nearest' },
  { op: 'brightness', range: [0.8, 1.2] },
];
