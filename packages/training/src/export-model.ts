/** A trained network as one ONNX file that carries its card. */
import { decodeModel, encodeModel, halveWeights } from '@mien/onnx';
import { buildNetwork, describeNetwork, type Weights } from '@mien/engine';
import type { RowSet } from '@mien/data';
import { landmarkInput } from '@mien/models';
import { cardFormatVersion, cardKey, cardSchema, ferCrop, landmarkFeatureCount, landmarkKind, type ModelCard } from '@mien/runtime';
import { describeOrigin, type WeightsOrigin } from './init-file.ts';
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
  /** Rows learnt from, and rows the epoch was chosen on. */
  readonly learnt?: readonly RowSet[];
  readonly chosen?: readonly RowSet[];
  /** How the faces it was trained on stand: turned by the recipe, or in a store of level faces. Default: the recipe's. */
  readonly align?: 'none' | 'eyes-level';
  /** The models it learned from besides its data. */
  readonly teachers?: readonly WeightsOrigin[];
  /** The models whose guesses it took for labels. */
  readonly judges?: readonly WeightsOrigin[];
  /** The weights it began with, where they were not drawn. */
  readonly startedFrom?: WeightsOrigin | undefined;
}

/** Our own part is MIT; what it is made of may ask for more. */
const ownLicence = 'MIT';

/** The licences of all that a model is made of, each once: `MIT + bsd-3-clause`; `unknown` for what does not tell. */
function joinLicences(origins: readonly WeightsOrigin[]): string {
  const all = [ownLicence, ...origins.flatMap(({ licence = 'unknown' }) => licence.split(/ \+ | and /))];
  return all.filter((licence, i) => all.findIndex((other) => other.toLowerCase() === licence.toLowerCase()) === i).join(' + ');
}

/** Rows of this training and of what it grew out of, each set once: what those have learnt it may know by heart. */
function uniteRows(own: readonly RowSet[] | undefined, others: readonly (readonly RowSet[] | undefined)[]): RowSet[] | undefined {
  if (!own) return undefined;
  const all = [own, ...others].flatMap((sets) => (sets ?? []).map((set) => JSON.stringify(set)));
  return [...new Set(all)].map((set) => JSON.parse(set) as RowSet);
}

const taughtBy = (how: string, models: readonly WeightsOrigin[]): string[] =>
  models.length > 0 ? [`${how} ${models.map(({ name }) => name).join(', ')}`] : [];

const list = (values: number | readonly number[]): readonly number[] => (typeof values === 'number' ? [values] : values);

export function makeCard(context: ExportContext): ModelCard {
  const {
    recipe,
    plan,
    labels,
    dataName,
    rows,
    epochs,
    figures,
    learnt,
    chosen,
    align = context.recipe.align,
    teachers = [],
    judges = [],
    startedFrom,
  } = context;
  const { architecture, input } = plan;
  const origins = [...(startedFrom ? [startedFrom] : []), ...teachers, ...judges];
  const summary = describeNetwork(plan.network, input);
  return cardSchema.parse({
    formatVersion: cardFormatVersion,
    name: recipe.name,
    architecture: architecture.name,
    description: [recipe.description || architecture.description, ...taughtBy('distilled from', teachers), ...taughtBy('pseudo-labels by', judges)].join('; '),
    licence: joinLicences(origins),
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
      ...(startedFrom ? { startedFrom: describeOrigin(startedFrom) } : {}),
      ...(learnt
        ? {
            learntRows: uniteRows(
              learnt,
              origins.map((origin) => origin.learntRows),
            ),
          }
        : {}),
      ...(chosen
        ? {
            chosenRows: uniteRows(
              chosen,
              origins.map((origin) => origin.chosenRows),
            ),
          }
        : {}),
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
