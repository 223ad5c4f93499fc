/** The fields of a recipe. Everything that decides the result of a training stands here. */
import { augmentationSchema, mixSchema } from '@mien/data';
import { z } from 'zod';
import { consistencySchema, pseudoSchema } from './semi/semi-schema.ts';

const rate = z.number().min(0);
const share = z.number().min(0).max(1);

/** What a group of weights does differently; of several groups that match a weight, the last counts. */
const groupSchema = z.strictObject({
  /** Prefixes of weight names, cut at dots: `layer3` is every weight whose name is `layer3` or begins with `layer3.`. */
  match: z.array(z.string().min(1)).min(1),
  /** Learning rate ÷ that of the stage. */
  learningRateFactor: rate.default(1),
  weightDecay: rate.optional(),
});

const optimizerSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('sgd'),
    learningRate: rate,
    momentum: z.number().min(0).max(1).default(0.9),
    nesterov: z.boolean().default(true),
    weightDecay: rate.default(0),
    groups: z.array(groupSchema).default([]),
  }),
  z.strictObject({
    kind: z.enum(['adam', 'adamw']),
    learningRate: rate,
    beta1: z.number().min(0).lt(1).default(0.9),
    beta2: z.number().min(0).lt(1).default(0.999),
    epsilon: z.number().positive().default(1e-8),
    weightDecay: rate.default(0),
    groups: z.array(groupSchema).default([]),
  }),
]);

const scheduleSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('constant'), warmupEpochs: rate.default(0) }),
  z.strictObject({ kind: z.literal('cosine'), final: share.default(0), warmupEpochs: rate.default(0) }),
  /** One cycle: up to the learning rate over the first `rise` of the stage from `start` times it, then down to `final` times it. */
  z.strictObject({
    kind: z.literal('one-cycle'),
    rise: z.number().gt(0).lt(1).default(0.3),
    start: share.default(0.04),
    final: share.default(0.0001),
    warmupEpochs: rate.default(0),
  }),
  /** Lower by `factor` whenever the validation accuracy has not risen for `patience` epochs, down to `minimum` times the rate. */
  z.strictObject({
    kind: z.literal('plateau'),
    factor: z.number().gt(0).lt(1).default(0.1),
    patience: z.number().int().positive().default(3),
    minimum: share.default(0),
    warmupEpochs: rate.default(0),
  }),
  z.strictObject({ kind: z.literal('step'), at: z.array(share), factor: z.number().positive(), warmupEpochs: rate.default(0) }),
]);

const lossSchema = z.strictObject({
  labelSmoothing: z.number().min(0).lt(1).default(0),
  /** `balanced`: rows weigh n / (K · n_class), so that every class counts the same; a number in 0…1 takes that power of those weights. */
  classWeights: z.union([z.enum(['none', 'balanced']), share]).default('none'),
  /** Part of the target that is the annotators' votes instead of the label, where a row has votes. */
  votesShare: share.default(0),
});

/** Weight in the loss of each output of the network: the label, and the distribution of annotators' votes; 0: the network has no such output. */
const headsSchema = z.strictObject({ expression: z.number().positive().default(1), votes: rate.default(0) });

/** Learning from finished models too (Hinton et al. 2015). */
const distillSchema = z.strictObject({
  /** `.onnx` files, folders of runs or names of released models; several agree by the mean of their probabilities. */
  teachers: z.array(z.string().min(1)).min(1),
  /** Part of each head's loss that is the divergence from the teachers; the rest is the cross entropy with its targets. */
  weight: share.default(0.7),
  /** Softens what teachers and network say before they are compared. */
  temperature: z.number().positive().default(2),
});

/** What one stage of a training is made of; the recipe's own values are those of every stage that does not say otherwise. */
export const stageSchema = z.strictObject({
  name: z.string().default('train'),
  epochs: z.number().int().positive(),
  /** Updates in an epoch; default: as many as make one pass over the rows. For comparisons at equal work over unequal numbers of rows. */
  steps: z.number().int().positive().optional(),
  batch: z.number().int().positive().default(64),
  /** Batches whose gradients are averaged before each update. */
  accumulate: z.number().int().positive().default(1),
  augmentation: augmentationSchema.default([]),
  /** Mixing the images of a batch with their targets, after augmentation: mixup, cutmix or both. */
  mix: mixSchema.optional(),
  /** Learning from the unlabelled rows of `data` as well, by agreement between two views of each. */
  consistency: consistencySchema.optional(),
  /** Learning from the unlabelled rows of `data` as well, by labels that a model gives them before the stage begins. */
  pseudo: pseudoSchema.optional(),
  loss: lossSchema.prefault({}),
  optimizer: optimizerSchema,
  schedule: scheduleSchema.prefault({ kind: 'constant' }),
  /** Largest norm of all gradients together; larger ones are scaled down to it. 0 for no limit. */
  clipNorm: rate.default(0),
  /** Decay of the exponential moving average of the weights, which is what is evaluated and exported; 0 for none. */
  ema: z.number().min(0).lt(1).default(0),
  /** The only weights that learn, by prefix of their names (as `fc`, `layer4`); empty: all. */
  trainable: z.array(z.string().min(1)).default([]),
  /** Weights that do not learn, by prefix; of both lists' matches, the longer prefix counts. */
  frozen: z.array(z.string().min(1)).default([]),
  /** Ends the stage when the validation accuracy has not risen for this many epochs; 0: never. */
  patience: z.number().int().nonnegative().default(0),
  /** Where the stage starts: at the weights the stage before ended with, at the best so far, or as a new training would. */
  startFrom: z.enum(['last', 'best', 'new']).default('last'),
});

const dataSchema = z.strictObject({
  /** Split trained on. */
  train: z.string().default('train'),
  /** Rows the best epoch is chosen on: a split of its own, or a stratified part of the training split. */
  validation: z
    .union([
      z.strictObject({ split: z.string() }),
      z.strictObject({ fraction: z.number().gt(0).lt(1) }),
      /** One of `folds` equal parts, counted from 0: each row is held out by one of so many trainings. */
      z.strictObject({ fold: z.number().int().nonnegative(), folds: z.number().int().min(2).max(100) }),
    ])
    .default({ fraction: 0.1 }),
  /** One of `folds` equal parts of the training rows, counted from 0, that is neither learnt nor chosen on: cross-validation measures there. */
  apart: z.strictObject({ fold: z.number().int().nonnegative(), folds: z.number().int().min(2).max(100) }).optional(),
  /** Part of the training rows that is used, of every class alike, chosen by the seed: for budgets and label-efficiency studies. */
  fraction: z.number().gt(0).max(1).default(1),
  /**
   * Part of the training rows whose labels are known, of every class alike, chosen by the seed; the labels and votes of the others are
   * never read. A fraction for validation is then held out of the labelled rows, so that no other label is looked at.
   */
  labelled: z.number().gt(0).lt(1).optional(),
  /** A split whose images are learnt from without their labels, which are never read. */
  unlabelled: z.string().min(1).optional(),
  /** Csv files of changes, as of `mien data check --csv`: rows trained on are dropped and relabelled by them, the store stays as it is. */
  changes: z.array(z.string().min(1)).min(1).optional(),
});

/** One number for all channels, or one for each. */
const perChannel = <T extends z.ZodType<number>>(value: T) => z.union([value, z.array(value).min(1).max(3)]);

const architectureOption = z.union([z.number(), z.boolean(), z.string()]);

/** What holds for the whole training. */
export const headerSchema = z.strictObject({
  name: z.string().min(1),
  description: z.string().default(''),
  /** Name in the registry of architectures. */
  model: z.string(),
  /** Options of that architecture; `mien models NAME` lists them. */
  modelOptions: z.record(z.string(), architectureOption).default({}),
  /** [C,H,W] the network sees; default: what the architecture was designed for. */
  input: z.tuple([z.union([z.literal(1), z.literal(3)]), z.number().int().positive(), z.number().int().positive()]).optional(),
  /** Side in pixels that stored images are brought to before the network's window is cut; default: their own where it fits, else the network's. */
  resizeTo: z.number().int().positive().optional(),
  /** `eyes-level`: every face is turned about its centre so that its eyes lie level, before it is augmented; the data needs landmarks. */
  align: z.enum(['none', 'eyes-level']).default('none'),
  /** Weights to start from: a `.safetensors` or `.onnx` file, or the folder of a run. Heads and gates may differ, the layers around them not. */
  init: z.string().optional(),
  /** Decides the first weights, the order of samples, augmentation and dropout. */
  seed: z.number().int().default(1),
  data: dataSchema.prefault({}),
  /** Pixels v in 0…1 enter the network as (v − mean) / std. */
  normalise: z.strictObject({ mean: perChannel(z.number()), std: perChannel(z.number().positive()) }).default({ mean: 0.5, std: 0.25 }),
  heads: headsSchema.prefault({}),
  distill: distillSchema.optional(),
  checkpoint: z
    .strictObject({
      /** Steps between checkpoints within an epoch; one is also written after each epoch. */ everySteps: z.number().int().positive().default(200),
    })
    .prefault({}),
});

export type Stage = z.infer<typeof stageSchema>;
export type OptimizerRecipe = Stage['optimizer'];
/** A checked recipe: every default filled in, and at least one stage. */
export type Recipe = z.infer<typeof headerSchema> & { stages: Stage[] };
/** A recipe as a person writes it: stage fields at the top hold for every stage that does not say otherwise. */
export type RecipeInput = z.input<typeof headerSchema> & Partial<z.input<typeof stageSchema>> & { stages?: DeepPartial<z.input<typeof stageSchema>>[] };

type DeepPartial<T> = T extends readonly unknown[] ? T : T extends object ? { [K in keyof T]?: DeepPartial<T[K]> } : T;
