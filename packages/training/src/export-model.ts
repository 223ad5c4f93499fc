/** A trained network as one ONNX file that carries its card. */
import { decodeModel, encodeModel, halveWeights } from '@mien/onnx';
import { buildNetwork, describeNetwork, type Weights } from '@mien/engine';
import { type Architecture, findArchitecture } from '@mien/models';
import { cardFormatVersion, cardKey, cardSchema, ferCrop, type ModelCard, UserError } from '@mien/runtime';
import type { Recipe } from './recipe.ts';

export interface ExportContext {
  readonly recipe: Recipe;
  readonly labels: readonly string[];
  /** [H,W] of the training images. */
  readonly imageSize: readonly [number, number];
  readonly dataName: string;
  /** Rows trained on. */
  readonly rows: number;
  readonly epochs: number;
  readonly figures: ModelCard['figures'];
}

/** The architecture a recipe names. Throws `UserError` naming the known ones. */
export function architectureOf(recipe: Recipe): Architecture {
  const found = findArchitecture(recipe.model);
  if (!found) throw new UserError('no-model', `recipe ${recipe.name}: there is no architecture ${recipe.model}; \`mien models\` lists them`);
  return found;
}

export function describeValidation(recipe: Recipe): string {
  const { train, validation } = recipe.data;
  return 'split' in validation ? `split ${validation.split}` : `${100 * validation.fraction} % of split ${train}, held out`;
}

export function makeCard(context: ExportContext): ModelCard {
  const { recipe } = context;
  const architecture = architectureOf(recipe);
  const summary = describeNetwork(architecture.build({ classes: context.labels.length }), architecture.input);
  return cardSchema.parse({
    formatVersion: cardFormatVersion,
    name: recipe.name,
    architecture: architecture.name,
    description: recipe.description || architecture.description,
    licence: 'MIT',
    labels: context.labels,
    preprocessing: {
      input: { name: 'image', shape: architecture.input },
      color: architecture.input[0] === 1 ? 'gray' : 'rgb',
      crop: ferCrop,
      resize: 'area-bilinear',
      resizeTo: context.imageSize,
      mean: [recipe.normalise.mean],
      std: [recipe.normalise.std],
    },
    output: { name: 'logits', temperature: 1 },
    training: {
      data: context.dataName,
      split: recipe.data.train,
      rows: context.rows,
      chosenOn: describeValidation(recipe),
      recipe: recipe.name,
      seed: recipe.seed,
      epochs: context.epochs,
    },
    parameters: summary.params.total,
    flops: summary.flops,
    figures: context.figures,
    intendedUse: 'Naming the facial expression shown in a picture, as one hint among others, with the consent of the person shown.',
    limits: [
      'Expressions are not feelings: the model sees a face, not what a person feels.',
      'Not for decisions about people. Inferring emotions at work or in education is prohibited in the EU (AI Act, article 5(1)(f)) except for medical or safety reasons.',
      'Trained on web images with noisy labels; accuracy differs between groups of people and has not been measured per group.',
    ],
  });
}

/** Encodes the inference network with these weights. `half` stores large weights as float16. */
export function exportModel(weights: Weights, context: ExportContext, options: { half?: boolean } = {}): Uint8Array {
  const architecture = architectureOf(context.recipe);
  const built = buildNetwork(architecture.build({ classes: context.labels.length }), architecture.input, {
    mode: 'infer',
    batch: 1,
    weights,
    symbolicBatch: true,
    name: architecture.name,
  });
  built.graph.output('logits', built.logits, { symbolicBatch: true });
  const bytes = built.graph.encode({ [cardKey]: JSON.stringify(makeCard(context)) });
  return options.half ? encodeModel(halveWeights(decodeModel(bytes))) : bytes;
}
