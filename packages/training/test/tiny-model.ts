/** Exported models of random weights: for what happens to a model after its training. */
import { writeFileSync } from 'node:fs';
import { buildNetwork } from '@mien/engine';
import { expressions, type ModelCard, readCard } from '@mien/runtime';
import { withCard } from '@mien/runtime';
import { exportModel } from '../src/export-model.ts';
import { drawWeights } from '../src/initial-weights.ts';
import { planNetwork } from '../src/network-plan.ts';
import { checkRecipe } from '../src/recipe.ts';
import type { RecipeInput } from '../src/recipe-schema.ts';

export interface TinyModelOptions {
  readonly name?: string;
  readonly seed?: number;
  /** Fields of the recipe, as `input` and `resizeTo`. */
  readonly recipe?: Partial<RecipeInput>;
  readonly labels?: readonly string[];
  /** Laid over the card. */
  readonly card?: (card: ModelCard) => Partial<ModelCard>;
}

/** The recipe of a network of few thousand weights. */
export const tinyRecipe: Partial<RecipeInput> & Pick<RecipeInput, 'name' | 'model'> = {
  name: 'tiny',
  model: 'mien-net-small',
  modelOptions: { widths: '16', depths: '1', stem: 16, zeroInit: false },
};

/** The bytes of an `.onnx` file with its card. */
export function tinyModel({ name = 'tiny', seed = 1, recipe: changes = {}, labels = expressions, card }: TinyModelOptions = {}): Uint8Array {
  const recipe = checkRecipe({ ...tinyRecipe, epochs: 1, optimizer: { kind: 'sgd', learningRate: 0.01 }, ...changes, name }, name);
  const plan = planNetwork(recipe, [1, 48, 48], labels);
  const { specs } = buildNetwork(plan.network, plan.input, { mode: 'infer', batch: 1 });
  const weights = drawWeights(specs, seed);
  // Large enough logits that an average of probabilities differs from one of logits.
  for (const [weight, values] of weights)
    if (weight.startsWith('classifier'))
      weights.set(
        weight,
        values.map((v) => 8 * v),
      );
  const bytes = exportModel(weights, { recipe, plan, labels, dataName: 'tiny', rows: 32, epochs: 1, figures: [] });
  return card ? withCard(bytes, { ...readCard(bytes), ...card(readCard(bytes)) }) : bytes;
}

/** The same, written to `file`; returns it. */
export function writeTinyModel(file: string, options?: TinyModelOptions): string {
  writeFileSync(file, tinyModel(options));
  return file;
}
