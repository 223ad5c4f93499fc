/** What a stage may do with rows whose labels it does not know. */
import { augmentationSchema, type AugmentationInput } from '@mien/data';
import { z } from 'zod';

/** FixMatch's weak view: mirrored, and moved by up to an eighth (Sohn et al. 2020, section 2.3). */
const weakView: AugmentationInput = [{ op: 'flip' }, { op: 'affine', shift: 0.125, fill: 'reflect' }];
/** Its strong view: the weak one, two operations of RandAugment, and a hole (section 2.3; DeVries & Taylor 2017). */
const strongView: AugmentationInput = [...weakView, { op: 'randaugment', n: 2, m: 8 }, { op: 'cutout', probability: 1, size: 0.4 }];

/**
 * FixMatch (Sohn et al. 2020): the class that the network is sure of in a weakly changed view of an unlabelled image is what it is
 * taught for a strongly changed view of the same image.
 */
export const consistencySchema = z.strictObject({
  /** Unlabelled images for each labelled one in a batch: μ. */
  ratio: z.number().int().positive().max(64).default(3),
  /** Probability above which a class is believed: τ. */
  threshold: z.number().min(0).lt(1).default(0.95),
  /** Weight of the unlabelled loss: λ. */
  weight: z.number().positive().default(1),
  /** The view that is asked about. */
  weak: augmentationSchema.prefault(weakView),
  /** The view that is taught. */
  strong: augmentationSchema.prefault(strongView),
});

export type Consistency = z.infer<typeof consistencySchema>;

/** How sure a guess must be: one number for all classes, or one for each that is named and `other` for the rest. */
export const thresholdSchema = z.union([
  z.number().min(0).max(1),
  z
    .record(z.string(), z.number().min(0).max(1))
    .refine((each) => 'other' in each, 'expected a threshold for `other` classes too, as { fear: 0.8, other: 0.9 }'),
]);

/** Pseudo-labels (Lee 2013): rows without a known label join a stage under the class a finished model is sure of. */
export const pseudoSchema = z.strictObject({
  /** Calibrated probability from which a guess counts. */
  threshold: thresholdSchema.default(0.9),
  /** Instead: for each class the lowest probability at which this share of the guesses is right on the rows the epoch is chosen on. */
  precision: z.number().gt(0).lt(1).optional(),
  /** Weight of such a row in the loss; 1 counts it as a labelled one. */
  weight: z.number().positive().max(1).default(1),
  /** Ask about the mirror image too. */
  flip: z.boolean().default(true),
  /** Models that answer, `.onnx` files or folders of runs, by the mean of their probabilities; default: the best of this run so far. */
  models: z.array(z.string().min(1)).min(1).optional(),
});

export type PseudoRecipe = z.infer<typeof pseudoSchema>;
