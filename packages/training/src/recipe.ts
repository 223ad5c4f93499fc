/** The recipe of a training: everything that decides the result, in one file a person can read and change. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { augmentationSchema } from '@mien/data';
import { UserError } from '@mien/runtime';
import { recipesUrl } from '@mien/recipes';
import { parse } from 'yaml';
import { z } from 'zod';

const rate = z.number().min(0);

const optimizerSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('sgd'),
    learningRate: rate,
    momentum: z.number().min(0).max(1).default(0.9),
    nesterov: z.boolean().default(true),
    weightDecay: rate.default(0),
  }),
  z.strictObject({
    kind: z.enum(['adam', 'adamw']),
    learningRate: rate,
    beta1: z.number().min(0).lt(1).default(0.9),
    beta2: z.number().min(0).lt(1).default(0.999),
    epsilon: z.number().positive().default(1e-8),
    weightDecay: rate.default(0),
  }),
]);

const scheduleSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('constant'), warmupEpochs: rate.default(0) }),
  z.strictObject({ kind: z.literal('cosine'), final: z.number().min(0).max(1).default(0), warmupEpochs: rate.default(0) }),
  z.strictObject({ kind: z.literal('step'), at: z.array(z.number().min(0).max(1)), factor: z.number().positive(), warmupEpochs: rate.default(0) }),
]);

export const recipeSchema = z.strictObject({
  name: z.string().min(1),
  description: z.string().default(''),
  /** Name in the registry of architectures. */
  model: z.string(),
  /** Decides the first weights, the order of samples, augmentation and dropout. */
  seed: z.number().int().default(1),
  data: z
    .strictObject({
      /** Split trained on. */
      train: z.string().default('train'),
      /** Rows the best epoch is chosen on: a split of its own, or a stratified part of the training split. */
      validation: z.union([z.strictObject({ split: z.string() }), z.strictObject({ fraction: z.number().gt(0).lt(1) })]).default({ fraction: 0.1 }),
    })
    .prefault({}),
  /** Pixels v in 0…1 enter the network as (v − mean) / std. */
  normalise: z.strictObject({ mean: z.number(), std: z.number().positive() }).default({ mean: 0.5, std: 0.25 }),
  augmentation: augmentationSchema.default([]),
  epochs: z.number().int().positive(),
  batch: z.number().int().positive().default(64),
  loss: z
    .strictObject({
      labelSmoothing: z.number().min(0).lt(1).default(0),
      /** `balanced`: rows weigh n / (K · n_class), so that every class counts the same. */
      classWeights: z.enum(['none', 'balanced']).default('none'),
    })
    .prefault({}),
  optimizer: optimizerSchema,
  schedule: scheduleSchema.prefault({ kind: 'constant' }),
  /** Decay of the exponential moving average of the weights, which is what is evaluated and exported; 0 for none. */
  ema: z.number().min(0).lt(1).default(0),
  checkpoint: z
    .strictObject({
      /** Steps between checkpoints within an epoch; one is also written after each epoch. */ everySteps: z.number().int().positive().default(200),
    })
    .prefault({}),
});

export type Recipe = z.infer<typeof recipeSchema>;
export type RecipeInput = z.input<typeof recipeSchema>;

/** Names of the recipes that come with Mien. */
export function recipeNames(): string[] {
  return readdirSync(recipesUrl)
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => file.slice(0, -5))
    .sort();
}

/** Sets `a.b=value` in a plain object; the value is read as YAML. */
function setPath(target: Record<string, unknown>, assignment: string): void {
  const at = assignment.indexOf('=');
  if (at < 1) throw new UserError('bad-set', `--set ${assignment}: expected key=value, as epochs=5 or optimizer.learningRate=0.01`);
  const keys = assignment.slice(0, at).split('.');
  if (keys.some((key) => key in Object.prototype)) throw new UserError('bad-set', `--set ${assignment}: ${keys.join('.')} is not a field of a recipe`);
  let value: unknown;
  try {
    value = parse(assignment.slice(at + 1));
  } catch (cause) {
    throw new UserError('bad-set', `--set ${assignment}: the value is not valid YAML (${(cause as Error).message.split('\n')[0]})`, { cause });
  }
  let inner = target;
  for (const [depth, key] of keys.slice(0, -1).entries()) {
    // Validation rows are named in one of two ways: naming them anew replaces the other way.
    const replaces = keys.slice(0, depth + 1).join('.') === 'data.validation';
    if (replaces || typeof inner[key] !== 'object' || inner[key] === null) inner[key] = {};
    inner = inner[key] as Record<string, unknown>;
  }
  inner[keys.at(-1)!] = value;
}

/** Checks a recipe and fills in every default. Throws `UserError` naming the field. */
export function checkRecipe(value: unknown, source: string): Recipe {
  const result = recipeSchema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  throw new UserError('bad-recipe', `${source}: ${issue.path.join('.') || 'recipe'}: ${issue.message}`);
}

/** Loads a recipe by name or from a `.yaml` file, with `key=value` overrides applied before it is checked. */
export function loadRecipe(nameOrFile: string, overrides: readonly string[] = []): Recipe {
  const named = join(fileURLToPath(recipesUrl), `${nameOrFile}.yaml`);
  const isFile = /[\\/]|\.ya?ml$/.test(nameOrFile);
  const file = isFile ? nameOrFile : named;
  if (!existsSync(file)) {
    throw new UserError('no-recipe', `${nameOrFile}: expected a recipe file or one of ${recipeNames().join(', ')}; it is neither`);
  }
  let value: unknown;
  try {
    value = parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new UserError('bad-recipe', `${file}: not valid YAML (${(cause as Error).message.split('\n')[0]})`, { cause });
  }
  if (typeof value !== 'object' || value === null) throw new UserError('bad-recipe', `${file}: expected a mapping of recipe fields`);
  for (const assignment of overrides) setPath(value as Record<string, unknown>, assignment);
  return checkRecipe(value, file);
}
