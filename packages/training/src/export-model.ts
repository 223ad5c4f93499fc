/** A trained network as one ONNX file that carries its card. */
import { decodeModel, encodeModel, halveWeights } from '@mien/onnx';
import { buildNetwork, describeNetwork, type Weights } from '@mien/engine';
import { landmarkInput } from '@mien/models';
import { cardFormatVersion, cardKey, cardSchema, ferCrop, landmarkFeatureCount, landmarkKind, type ModelCard } from '@mien/runtime';
import type { NetworkPlan } from './network-plan.ts';
import type { Recipe } from './recipe-schema.ts';
import { describeValidation } from './rows.ts';

export interface ExportContext {
  readonly recipe: Recipe;
  readonly plan: NetworkPlan;
  readonly labels: readonly string[];
  readonly dataName: string;
  /** Rows trained on. */
  readonly rows: number;
  readonly epochs: number;
  readonly figures: ModelCard['figures'];
  /** How the faces it was trained on stand: turned by the recipe, or in a store of level faces. Default: the recipe's. */
  readonly align?: 'none' | 'eyes-level';
  /** Names of the models it learned from besides its data. */
  readonly teachers?: readonly string[];
}

const list = (values: number | readonly number[]): readonly number[] => (typeof values === 'number' ? [values] : values);

export function makeCard({ recipe, plan, labels, dataName, rows, epochs, figures, align = recipe.align, teachers = [] }: ExportContext): ModelCard {
  const { architecture, input } = plan;
  const summary = describeNetwork(plan.network, input);
  return cardSchema.parse({
    formatVersion: cardFormatVersion,
    name: recipe.name,
    architecture: architecture.name,
    description: `${recipe.description || architecture.description}${teachers.length > 0 ? `; distilled from ${teachers.join(', ')}` : ''}`,
    licence: 'MIT',
    labels,
    preprocessing: {
      input: { name: 'image', shape: input },
      color: plan.batchInput[0] === 1 ? 'gray' : 'rgb',
      crop: { ...ferCrop, align },
      resize: 'area-bilinear',
      resizeTo: plan.resizeTo,
      mean: list(recipe.normalise.mean),
      std: list(recipe.normalise.std),
    },
    ...(summary.secondInputs.length > 0 ? { landmarks: { name: landmarkInput, kind: landmarkKind, features: landmarkFeatureCount } } : {}),
    output: { name: 'logits', temperature: 1 },
    ...(plan.heads.length > 1 ? { otherHeads: plan.heads.slice(1).map(({ name, labels }) => ({ name, labels, output: { name, temperature: 1 } })) } : {}),
    training: {
      data: dataName,
      split: recipe.data.train,
      rows,
      chosenOn: describeValidation(recipe),
      recipe: recipe.name,
      seed: recipe.seed,
      epochs,
    },
    parameters: summary.params.total,
    flops: summary.flops,
    figures,
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
  const { plan } = context;
  const built = buildNetwork(plan.network, plan.input, {
    mode: 'infer',
    batch: 1,
    weights,
    symbolicBatch: true,
    name: plan.architecture.name,
  });
  for (const [i, { name }] of plan.heads.entries()) built.graph.output(i === 0 ? 'logits' : name, built.heads.get(name)!, { symbolicBatch: true });
  const bytes = built.graph.encode({ [cardKey]: JSON.stringify(makeCard(context)) });
  return options.half ? encodeModel(halveWeights(decodeModel(bytes))) : bytes;
}
