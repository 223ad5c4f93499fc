/** Ablations: one recipe in several forms, each trained with several seeds. A file's rows become checked recipes. */
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { recipesUrl } from '@mien/recipes';
import { UserError } from '@mien/runtime';
import { z } from 'zod';
import { nearest } from '../nearest.ts';
import { checkRecipe, insideUnion, readRecipe, readYaml } from '../recipe.ts';
import type { Recipe } from '../recipe-schema.ts';
import { type FieldChange, type Fields, parseAssignment, setField } from '../set-field.ts';

/** Fields of a recipe by their paths, as `optimizer.learningRate`, with the values they are given. */
const changes = z.record(z.string(), z.unknown()).default({});

const rowSchema = z.strictObject({
  name: z.string().min(1),
  /** The recipe this row starts from; default: that of `base`. */
  recipe: z.string().optional(),
  set: changes,
  /** The row it is compared with, or `none`; default: what the file says, else the first. */
  against: z.string().optional(),
  /** What should be known of the row, as what it was trained without. */
  note: z.string().default(''),
});

const ablationSchema = z.strictObject({
  name: z.string().min(1),
  description: z.string().default(''),
  /** What rows start from: a recipe's name, a file beside this one, or the fields of a recipe themselves. */
  base: z.union([z.string(), z.record(z.string(), z.unknown())]).optional(),
  /** Changed in every row, before the row's own changes. */
  set: changes,
  seeds: z.array(z.number().int()).min(1).default([1]),
  /** Split all rows are compared on, every image of it; default: the rows each recipe chooses its epoch on. */
  split: z.string().optional(),
  /** `none`: no row is compared with another that does not name it. */
  against: z.enum(['first', 'none']).default('first'),
  rows: z.array(rowSchema).min(1),
});

export interface AblationRow {
  readonly name: string;
  readonly note: string;
  /** Name of the row it is compared with; undefined for the first, and for one that stands for itself. */
  readonly against: string | undefined;
  /** With the seed of each training in turn. */
  readonly recipe: Recipe;
}

export interface AblationPlan {
  readonly name: string;
  readonly description: string;
  readonly seeds: readonly number[];
  readonly split: string | undefined;
  readonly rows: readonly AblationRow[];
}

const ablationsDir = join(fileURLToPath(recipesUrl), 'ablations');

/** Names of the ablations that come with Mien. */
export function ablationNames(): string[] {
  return readdirSync(ablationsDir)
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => file.slice(0, -5))
    .sort();
}

function fileOf(nameOrFile: string): string {
  const file = /[\\/]|\.ya?ml$/.test(nameOrFile) ? nameOrFile : join(ablationsDir, `${nameOrFile}.yaml`);
  if (existsSync(file)) return file;
  const names = ablationNames();
  const suggestion = nearest(nameOrFile, names);
  throw new UserError(
    'no-ablation',
    `${nameOrFile}: expected a file or one of ${names.join(', ')}; it is neither${suggestion ? `; did you mean ${suggestion}?` : ''}`,
  );
}

/** Fields of a recipe given as they are, by name, or by a file that stands beside the ablation's. */
function startingFields(file: string, start: string | Fields): Fields {
  if (typeof start !== 'string') return structuredClone(start);
  const beside = join(dirname(file), start);
  return readRecipe(/\.ya?ml$/.test(start) && existsSync(beside) ? beside : start).fields;
}

function parseAblation(file: string): z.infer<typeof ablationSchema> {
  const parsed = ablationSchema.safeParse(readYaml(file, 'bad-ablation'));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue!.path.length > 0 ? `${issue!.path.join('.')}: ` : '';
  const hint =
    issue!.code === 'unrecognized_keys' ? nearest(issue!.keys[0]!, [...Object.keys(ablationSchema.shape), ...Object.keys(rowSchema.shape)]) : undefined;
  const { message } = issue!.code === 'invalid_union' && issue!.errors.length > 0 ? insideUnion(issue!) : issue!;
  throw new UserError('bad-ablation', `${file}: ${where}${message}${hint ? `; did you mean ${hint}?` : ''}`);
}

/**
 * Loads an ablation by name or from a `.yaml` file; `overrides` are `key=value` for every row, `otherSeeds` take the place of its seeds.
 * Every row is checked. `onNotice` is told once of stages that an override does not reach.
 */
export function loadAblation(
  nameOrFile: string,
  overrides: readonly string[] = [],
  onNotice: (message: string) => void = () => {},
  otherSeeds?: readonly number[],
): AblationPlan {
  const notices = new Set<string>();
  const file = fileOf(nameOrFile);
  const { name, description, base, set, seeds: usualSeeds, split, against: usual, rows } = parseAblation(file);
  const seeds = otherSeeds ?? usualSeeds;
  const said = overrides.map(parseAssignment);
  const changesOf = (fields: Readonly<Record<string, unknown>>, where: string): FieldChange[] =>
    Object.entries(fields).map(([path, value]) => ({ path, value, said: `${where}: set ${path}` }));
  const againstOf = (row: z.infer<typeof rowSchema>, i: number): string | undefined => {
    const { against } = row;
    if (against === undefined) return i === 0 || usual === 'none' ? undefined : rows[0]!.name;
    if (against !== row.name && rows.some((other) => other.name === against)) return against;
    if (against === 'none') return undefined;
    throw new UserError('bad-ablation', `${file}: rows.${i} (${row.name}): against: expected the name of another row or none, got ${against}`);
  };
  const checked = rows.map((row, i): AblationRow => {
    const where = `${file}: rows.${i} (${row.name})`;
    const start = row.recipe ?? base;
    if (start === undefined) throw new UserError('bad-ablation', `${where}: names no recipe, and the file has no base; give one of the two`);
    if (rows.findIndex((other) => other.name === row.name) !== i) throw new UserError('bad-ablation', `${where}: there is a row of this name already`);
    const fields = startingFields(file, start);
    fields.name = row.name;
    const own = [...changesOf(set, file), ...changesOf(row.set, where)];
    for (const { path, said: asked } of [...own, ...said]) {
      if (path === 'seed')
        throw new UserError('bad-set', `${asked}: every row is trained with the seeds of the file (${seeds.join(', ')}); change its seeds, or say --seeds`);
    }
    for (const change of own) setField(fields, change);
    for (const change of said) {
      const notice = setField(fields, change);
      if (notice) notices.add(notice);
    }
    return { name: row.name, note: row.note, against: againstOf(row, i), recipe: checkRecipe(fields, where) };
  });
  for (const notice of notices) onNotice(notice);
  if (new Set(seeds).size !== seeds.length) throw new UserError('bad-ablation', `${file}: seeds: ${seeds.join(', ')} names one twice`);
  return { name, description, seeds, split, rows: checked };
}
