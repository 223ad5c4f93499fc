/** Recipes: found, changed by `--set`, checked, and their stages filled in. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UserError } from '@mien/runtime';
import { recipesUrl } from '@mien/recipes';
import { parse } from 'yaml';
import type { z } from 'zod';
import { nearest } from './nearest.ts';
import { adviseOnField, fieldsOfPath } from './recipe-fields.ts';
import { headerSchema, type Recipe, stageSchema } from './recipe-schema.ts';
import { type Fields, isFields, parseAssignment, setField } from './set-field.ts';

const stageFields = Object.keys(stageSchema.shape);

/** Names of the recipes that come with Mien. */
export function recipeNames(): string[] {
  return readdirSync(recipesUrl)
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => file.slice(0, -5))
    .sort();
}

/** `over` laid over `base`, field by field; a choice of another `kind` replaces the whole. */
function merge(base: unknown, over: unknown): unknown {
  if (!isFields(base) || !isFields(over)) return over === undefined ? base : over;
  if ('kind' in base && 'kind' in over && base.kind !== over.kind) return over;
  const merged: Fields = { ...base };
  for (const [key, value] of Object.entries(over)) merged[key] = merge(base[key], value);
  return merged;
}

/** A mistake: where, and what is said of it, or fields that there are not. */
interface Telling {
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly keys?: readonly string[];
}

/** Of a value that fits none of several forms, what to tell: of the form it comes nearest to, or what each of them expects. */
export function insideUnion({ errors, path }: z.core.$ZodIssueInvalidUnion): Telling {
  const unknownIn = (issues: readonly z.core.$ZodIssue[]): string[] =>
    issues.flatMap((each) => (each.code === 'unrecognized_keys' && each.path.length === 0 ? each.keys : []));
  const [nearestForm] = errors.toSorted((a, b) => unknownIn(a).length - unknownIn(b).length);
  const unknown = unknownIn(nearestForm!);
  const nowhere = unknown.filter((key) => errors.every((issues) => unknownIn(issues).includes(key)));
  if (nowhere.length > 0) return { path, message: '', keys: nowhere };
  if (unknown.length > 0) return { path, message: `${unknown.join(', ')} cannot stand beside its other fields; they are of another form` };
  const within = nearestForm!.find((each) => each.path.length > 0);
  if (within) return { path: [...path, ...within.path], message: within.message };
  const forms = new Set(errors.flatMap(([first]) => first?.message.replace(/^(Invalid input|Invalid option|Too \w+): /, '') ?? []));
  return { path, message: [...forms].join('; or ') };
}

function complain(source: string, where: readonly PropertyKey[], given: z.core.$ZodIssue): never {
  const issue: Telling = given.code === 'invalid_union' && given.errors.length > 0 ? insideUnion(given) : given;
  const path = [...where, ...issue.path].map(String).join('.') || 'recipe';
  const [key] = given.code === 'unrecognized_keys' ? given.keys : (issue.keys ?? []);
  if (key !== undefined) {
    const advice = adviseOnField(key, fieldsOfPath(issue.path));
    throw new UserError('bad-recipe', `${source}: ${path}: there is no field ${key}${advice ? `; ${advice}` : ''}`);
  }
  throw new UserError('bad-recipe', `${source}: ${path}: ${issue.message}`);
}

/** Of several mistakes the one to tell: a misspelt field also makes the one that was meant missing. */
function telling(issues: readonly z.core.$ZodIssue[]): z.core.$ZodIssue {
  return issues.find(({ code }) => code === 'unrecognized_keys') ?? issues[0]!;
}

/** Checks a recipe, fills in every default and every stage. Throws `UserError` naming the field. */
export function checkRecipe(value: unknown, source: string): Recipe {
  if (!isFields(value)) throw new UserError('bad-recipe', `${source}: expected a mapping of recipe fields`);
  const { stages = [{}], ...rest } = value;
  const header = Object.fromEntries(Object.entries(rest).filter(([key]) => key === 'name' || !stageFields.includes(key)));
  const checked = headerSchema.safeParse(header);
  if (!checked.success) complain(source, [], telling(checked.error.issues));
  if (!Array.isArray(stages) || stages.length === 0) throw new UserError('bad-recipe', `${source}: stages: expected a list of stages, one at least`);
  const base = Object.fromEntries(Object.entries(rest).filter(([key]) => key !== 'name' && stageFields.includes(key)));
  const several = 'stages' in value;
  const resolved = stages.map((stage: unknown, i) => {
    const where = several ? ['stages', i] : [];
    if (!isFields(stage)) throw new UserError('bad-recipe', `${source}: stages.${i}: expected a mapping of stage fields`);
    const result = stageSchema.safeParse(merge(base, stage));
    if (!result.success) complain(source, where, telling(result.error.issues));
    return result.data;
  });
  return { ...checked.data, stages: resolved };
}

/** A recipe as it was written, not checked. */
export interface RecipeFile {
  readonly file: string;
  readonly fields: Fields;
}

/** Reads a recipe by name or from a `.yaml` file. Throws `UserError` with the nearest known name. */
export function readRecipe(nameOrFile: string): RecipeFile {
  const named = join(fileURLToPath(recipesUrl), `${nameOrFile}.yaml`);
  const isFile = /[\\/]|\.ya?ml$/.test(nameOrFile);
  const file = isFile ? nameOrFile : named;
  if (!existsSync(file)) {
    const names = recipeNames();
    const suggestion = nearest(nameOrFile, names);
    throw new UserError(
      'no-recipe',
      `${nameOrFile}: expected a recipe file or one of ${names.join(', ')}; it is neither${suggestion ? `; did you mean ${suggestion}?` : ''}`,
    );
  }
  const fields = readYaml(file, 'bad-recipe');
  if (!isFields(fields)) throw new UserError('bad-recipe', `${file}: expected a mapping of recipe fields`);
  return { file, fields };
}

/** The value a YAML file holds. Throws `UserError` of `code` where it cannot be read. */
export function readYaml(file: string, code: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    const { code: reason, message } = cause as NodeJS.ErrnoException;
    throw new UserError(code, `${file}: expected a .yaml file, ${reason === 'EISDIR' ? 'this is a folder' : `it cannot be read (${message})`}`, { cause });
  }
  try {
    return parse(text);
  } catch (cause) {
    throw new UserError(code, `${file}: not valid YAML (${(cause as Error).message.split('\n')[0]})`, { cause });
  }
}

/**
 * Loads a recipe by name or from a `.yaml` file, with `key=value` overrides applied before it is checked. `onNotice` is told, in one
 * line, of stages that an override does not reach.
 */
export function loadRecipe(nameOrFile: string, overrides: readonly string[] = [], onNotice: (message: string) => void = () => {}): Recipe {
  const { file, fields } = readRecipe(nameOrFile);
  for (const assignment of overrides) {
    const notice = setField(fields, parseAssignment(assignment));
    if (notice) onNotice(notice);
  }
  return checkRecipe(fields, file);
}
