/** The model card: everything needed to use an `.onnx` file rightly, carried in the file's own metadata. */
import { decodeModel, encodeModel, readMetadata } from '@mien/onnx';
// The small form of zod: the large one would be two thirds of the script a page loads.
import { en } from 'zod/locales';
import * as z from 'zod/mini';
import { UserError } from './error.ts';
import { landmarkFeatureCount } from './landmarks/landmark-features.ts';
import { landmarkKind } from './landmarks/landmark-spec.ts';

/** The metadata key of the card. */
export const cardKey = 'mien.card';
/** The card format this code writes; files with a higher number are refused. */
export const cardFormatVersion = 1;

const size = z.int().check(z.positive());
const count = z.int().check(z.nonnegative());
const positive = z.number().check(z.positive());

const preprocessing = z
  .object({
    /** Size of the image the network sees, [C,H,W]; C is 1 (grey) or 3 (RGB). */
    input: z.object({ name: z.string(), shape: z.tuple([z.literal([1, 3]), size, size]) }),
    /** `gray`: Rec. 601 luma 0.299 R + 0.587 G + 0.114 B. */
    color: z.enum(['gray', 'rgb']),
    /** How a face is cut from a photograph, relative to the detector's box. */
    crop: z.object({
      /** Side of the square crop ÷ geometric mean of the box's width and height. */
      scale: positive,
      /** Crop centre − box centre, as fractions of the crop's side; positive is right and down. */
      shift: z.tuple([z.number(), z.number()]),
      /** `none`: the crop keeps the photograph's axes. `eyes-level`: it is turned about its centre so that the eyes lie level. */
      align: z.enum(['none', 'eyes-level']),
      /** The training images fill the network's input: a whole crop is used as it is. */
      square: z.literal(true),
    }),
    /** `area-bilinear`: triangle filter widened by the scale when shrinking, so that small details do not alias. */
    resize: z.enum(['area-bilinear']),
    /**
     * The part of the resized crop the network sees: the crop is resized to `resizeTo` [H,W], then its central
     * [H,W] of `input.shape` is taken (training crops at random, evaluation at the centre).
     */
    resizeTo: z.tuple([size, size]),
    /** Pixel values v in 0…1 become (v − mean) / std, one entry a channel. */
    mean: z.array(z.number()).check(z.minLength(1)),
    std: z.array(positive).check(z.minLength(1)),
  })
  .check(
    z.refine(({ input: { shape }, resizeTo }) => resizeTo[0] >= shape[1] && resizeTo[1] >= shape[2], {
      error: 'the network’s input is cut from the resized picture (resizeTo), which is smaller',
    }),
    z.refine(({ input: { shape }, color }) => color === 'gray' || shape[0] === 3, { error: 'color rgb needs 3 input channels' }),
  );

/** A second input beside the pixels: the points of the face, in the form `writeLandmarkFeatures` gives them. */
const landmarks = z.object({ name: z.string(), kind: z.literal(landmarkKind), features: z.literal(landmarkFeatureCount) });

const figure = z.object({
  metric: z.string(),
  /** The output that was measured, and what was taken for true; absent: the main output, by the labels of the data. */
  head: z.optional(z.string()),
  protocol: z.optional(z.string()),
  dataset: z.string(),
  split: z.string(),
  n: count,
  value: z.number(),
  interval95: z.optional(z.tuple([z.number(), z.number()])),
  note: z.optional(z.string()),
});

const labels = z.array(z.string()).check(
  z.minLength(2),
  z.refine((names) => new Set(names).size === names.length, { error: 'names a label twice' }),
);

/** Rows of a data set: its name, its own split, and their numbers there, as `rowSetsOf` of @mien/data writes them. */
const rowSets = z.array(z.object({ source: z.string(), split: z.string(), rows: z.string() }));

/** One output of the network, [N,K]. */
const outputSchema = z.object({
  name: z.string(),
  /** Logits are divided by this before softmax. */
  temperature: positive,
  /** Rows the temperature was fitted on. */
  fittedOn: z.optional(rowSets),
});

export const cardSchema = z.object({
  formatVersion: size,
  name: z.string(),
  architecture: z.string(),
  description: z.string(),
  licence: z.string(),
  labels,
  preprocessing,
  /** Absent: the network sees pixels alone. */
  landmarks: z.optional(landmarks),
  output: outputSchema,
  /** When the model should say "not sure": the highest calibrated probability below `threshold`. Absent: the user of the model decides. */
  abstain: z.optional(z.object({ threshold: z.number().check(z.gte(0), z.lte(1)) })),
  /** Outputs beside the main one, as a distribution of annotators' votes; each with classes of its own. */
  otherHeads: z.optional(z.array(z.object({ name: z.string(), labels, output: outputSchema }))),
  training: z.object({
    data: z.string(),
    split: z.string(),
    rows: count,
    chosenOn: z.string(),
    recipe: z.string(),
    seed: z.int(),
    epochs: z.number().check(z.nonnegative()),
    finished: z.optional(z.string()),
    /** The weights it began with, with their licence, where they were not drawn. */
    startedFrom: z.optional(z.string()),
    /** Rows learnt from, and rows the epoch was chosen on; absent in older cards, which name the split alone. */
    learntRows: z.optional(rowSets),
    chosenRows: z.optional(rowSets),
  }),
  parameters: count,
  flops: z.number().check(z.nonnegative()),
  figures: z.array(figure),
  intendedUse: z.string(),
  limits: z.array(z.string()),
});

export type ModelCard = z.infer<typeof cardSchema>;
export type Preprocessing = ModelCard['preprocessing'];

/** Reads the card of an `.onnx` file. Throws `UserError` when the bytes are no ONNX file or carry no usable card. */
export function readCard(model: Uint8Array, file = 'the file'): ModelCard {
  let text: string | undefined;
  try {
    text = readMetadata(model)[cardKey];
  } catch (cause) {
    throw new UserError('bad-model', `${file}: expected an ONNX file, but it cannot be read as one (${(cause as Error).message})`, { cause });
  }
  if (text === undefined) {
    throw new UserError('no-card', `${file}: expected a model exported by Mien (metadata ${cardKey}), found none; export it with \`mien export\``);
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new UserError('bad-card', `${file}: the card in ${cardKey} is not JSON`, { cause });
  }
  const version = (json as { formatVersion?: unknown })?.formatVersion;
  if (typeof version === 'number' && version > cardFormatVersion) {
    throw new UserError('newer-card', `${file}: the card has format ${version}, this Mien reads up to ${cardFormatVersion}; update Mien`);
  }
  const parsed = cardSchema.safeParse(json, { error: en().localeError });
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    throw new UserError('bad-card', `${file}: card field ${issue.path.join('.') || '(root)'}: ${issue.message}`);
  }
  return parsed.data;
}

/** The same model with its card replaced. */
export function withCard(model: Uint8Array, card: ModelCard): Uint8Array {
  const decoded = decodeModel(model);
  return encodeModel({ ...decoded, metadata: { ...decoded.metadata, [cardKey]: JSON.stringify(cardSchema.parse(card)) } });
}
