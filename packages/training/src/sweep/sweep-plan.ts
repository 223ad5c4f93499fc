/** A sweep before anything is trained: its candidates as checked recipes, and the trainings they come to. */
import { join } from 'node:path';
import { openStore } from '@mien/data';
import { UserError } from '@mien/runtime';
import type { AblationPlan } from '../ablation/ablation-plan.ts';
import { slug } from '../ablation/lay-out-ablation.ts';
import { checkRecipe, readRecipe } from '../recipe.ts';
import type { Recipe } from '../recipe-schema.ts';
import type { PlannedRun } from '../jobs/run-trainings.ts';
import { chooseRows } from '../rows.ts';
import { parseAssignment, setField } from '../set-field.ts';
import { type Halving, layOutHalving } from './halving.ts';
import { type Assignment, candidatesOf, type SearchSpace } from './search-space.ts';

export interface SweepRequest {
  /** Name of a recipe or a `.yaml` file. */
  readonly recipe: string;
  /** `key=value` for every candidate. */
  readonly set: readonly string[];
  readonly space: SearchSpace;
  /** Default: the recipe's. */
  readonly seeds?: readonly number[] | undefined;
  /** So many seeds of every candidate, counting from the recipe's; the best candidate's become one ensemble. */
  readonly members?: number | undefined;
  readonly folds?: number | undefined;
  readonly split?: string | undefined;
  readonly halving?: { readonly eta: number; readonly first: number } | undefined;
}

/** The rows are the candidates. */
export interface SweepPlan extends AblationPlan {
  /** Each training leaves out one of so many parts, on which it is measured. */
  readonly folds: number | undefined;
  readonly halving: Halving | undefined;
  /** Whether the best candidate's trainings become one model. */
  readonly ensemble: boolean;
}

export interface SweepRun extends PlannedRun {
  /** From 0; undefined without folds. */
  readonly fold: number | undefined;
}

const mostTrainings = 10_000;
const longestSlug = 60;
const bad = (message: string): UserError => new UserError('bad-sweep', message);

const epochsOf = ({ stages }: Recipe): number => stages.reduce((sum, { epochs }) => sum + epochs, 0);

/** `learningRate=0.01 batch=32`; whole paths where the last names alone are not enough. */
function nameOf(assignment: Assignment, fallback: string): string {
  const last = (path: string): string => path.split('.').at(-1)!;
  const paths = [...assignment.keys()];
  const short = (path: string): string => (paths.filter((other) => last(other) === last(path)).length > 1 ? path : last(path));
  const show = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
  return [...assignment].map(([path, value]) => `${short(path)}=${show(value)}`).join(' ') || fallback;
}

function seedsOf({ seeds, members, folds, split }: SweepRequest, { seed, data, name }: Recipe): number[] {
  if (members === undefined) {
    const asked = [...(seeds ?? [seed])];
    if (asked.length === 0 || asked.some((each) => !Number.isInteger(each))) throw bad('--seeds: expected whole numbers, as 1,2,3');
    if (new Set(asked).size !== asked.length) throw bad(`--seeds ${asked.join(',')}: names one twice`);
    return asked;
  }
  if (seeds) throw bad('--members and --seeds: members are seeds; give one of the two');
  if (folds)
    throw bad('--members and --folds: members of different folds know different rows, and none are left to measure their ensemble on; give one of the two');
  if (!Number.isInteger(members) || members < 2) throw bad(`--members ${members}: expected 2 or more`);
  if (split === undefined && !('split' in data.validation)) {
    throw bad(
      `--members: recipe ${name} holds out other validation rows for every seed, so no rows are left that no member has learnt; set data.validation.split, or measure on --split`,
    );
  }
  return Array.from({ length: members }, (_, i) => seed + i);
}

function recipesOf({ recipe: source, set, space, folds }: SweepRequest, notices: Set<string>): { name: string; recipe: Recipe }[] {
  const { file, fields: written } = readRecipe(source);
  const said = set.map(parseAssignment);
  const rows = candidatesOf(space).map((assignment) => {
    const fields = structuredClone(written);
    for (const change of [...said, ...[...assignment].map(([path, value]) => ({ path, value, said: `sweep over ${path}` }))]) {
      const notice = setField(fields, change);
      if (notice) notices.add(notice);
    }
    if (folds !== undefined) setField(fields, { path: 'data.apart', value: { fold: 0, folds }, said: '--folds' });
    const checked = checkRecipe(fields, assignment.size > 0 ? `${file} with ${nameOf(assignment, '')}` : file);
    return { name: nameOf(assignment, checked.name), recipe: checked };
  });
  return rows;
}

/** Reads, fills in and checks every candidate; `onNotice` is told once of stages that a change does not reach. Throws `UserError`, `bad-sweep` or what a recipe's mistake throws. */
export function planSweep(request: SweepRequest, onNotice: (message: string) => void = () => {}): SweepPlan {
  const { folds, split, halving, members } = request;
  if (folds !== undefined && split !== undefined) throw bad('--folds and --split: folds are measured on the rows they leave out; give one of the two');
  if (folds !== undefined && !(Number.isInteger(folds) && folds >= 2 && folds <= 100)) throw bad(`--folds ${folds}: expected a number from 2 to 100`);
  const notices = new Set<string>();
  const rows = recipesOf(request, notices);
  for (const notice of notices) onNotice(notice);
  const [{ recipe: first }] = rows as [(typeof rows)[number]];
  const seeds = seedsOf(request, first);
  const trainings = rows.length * seeds.length * (folds ?? 1);
  if (trainings > mostTrainings)
    throw bad(`${rows.length} candidates, ${seeds.length} seeds and ${folds ?? 1} folds are ${trainings} trainings; at most ${mostTrainings} fit one sweep`);
  const lengths = new Set(rows.map(({ recipe }) => epochsOf(recipe)));
  if (halving && lengths.size > 1)
    throw bad('--halving: candidates must have the same number of epochs, so that they are compared at the same; leave epochs out of the sweep');
  return {
    name: `${first.name} sweep`,
    description: [first.description, `${rows.length === 1 ? 'One recipe' : `${rows.length} candidates`}${folds ? `, ${folds}-fold cross-validation` : ''}.`]
      .filter(Boolean)
      .join('. ')
      .replace('..', '.'),
    seeds,
    split,
    rows: rows.map(({ name, recipe }) => ({ name, note: '', against: undefined, recipe })),
    folds,
    halving: halving && layOutHalving({ epochs: epochsOf(first), candidates: rows.length, ...halving }),
    ensemble: members !== undefined,
  };
}

/** Looks whether every fold holds rows. Throws `UserError` `bad-sweep` for more folds than rows. */
export async function checkFolds({ folds, rows, seeds }: SweepPlan, data: string): Promise<void> {
  if (folds === undefined) return;
  const { recipe } = rows[0]!;
  const store = await openStore(data);
  try {
    const { count, name } = await store.split(recipe.data.train);
    if (folds > count) throw bad(`--folds ${folds}: split ${name} has ${count} rows, so some folds would be empty; give at most ${count}`);
  } finally {
    await store.close();
  }
  // People keep together, so there may be fewer parts than rows.
  for (const seed of seeds) {
    for (let fold = 0; fold < folds; fold++) await (await chooseRows(ofFold({ ...recipe, seed }, fold, folds), data)).close();
  }
}

const ofFold = (recipe: Recipe, fold: number, folds: number): Recipe => ({ ...recipe, data: { ...recipe.data, apart: { fold, folds } } });

/** Every training, all candidates with the first seed first. */
export function sweepRuns({ rows, seeds, folds }: SweepPlan, out: string): SweepRun[] {
  const parts = folds === undefined ? [undefined] : Array.from({ length: folds }, (_, fold) => fold);
  const digits = String(rows.length).length;
  return seeds.flatMap((seed) =>
    rows.flatMap(({ name, recipe }, i) =>
      parts.map((fold) => {
        const seeded = { ...recipe, name: recipe.name, seed };
        const number = String(i + 1).padStart(Math.max(2, digits), '0');
        const folder = `${number}-${slug(name).slice(0, longestSlug).replace(/-$/, '')}-seed-${seed}${fold === undefined ? '' : `-fold-${fold + 1}`}`;
        return {
          row: name,
          seed,
          fold,
          recipe: fold === undefined ? seeded : ofFold(seeded, fold, folds!),
          folder,
          out: join(out, 'runs', folder),
          sameAs: undefined,
        };
      }),
    ),
  );
}
