/**
 * What the folder of an ablation remembers: its data, the rows measured on, and which training each folder in `runs` holds. A training
 * is known by its recipe and seed, not by its row's name, so that rows may be added, renamed and mended without losing what is finished.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '@mien/runtime';
import { teacherFile } from '../combine/teacher-panel.ts';
import { checkSameData, type DataFingerprint } from '../data-fingerprint.ts';
import { initFile } from '../init-file.ts';
import { readOutcome } from '../jobs/run-result.ts';
import { readJson } from '../read-json.ts';
import type { Recipe } from '../recipe-schema.ts';
import { writeAtomically } from '../run-folder.ts';
import type { AblationPlan } from './ablation-plan.ts';
import { type AblationRun, runsOf } from './lay-out-ablation.ts';

/** `ablation.json`. Folders of before have neither `data` nor `runs`: their runs are those of the plan. */
interface KeptAblation extends AblationPlan {
  readonly data?: DataFingerprint;
  /** Training by folder. */
  readonly runs?: Readonly<Record<string, string>>;
}

/** The same value with the fields of every object in one order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  );
}

/** Checksums of what a recipe names and does not hold: first weights, models that teach or label, csv files of changes. */
function filesOf({ init, distill, data, stages }: Recipe): string[] {
  const models = [...(distill?.teachers ?? []), ...stages.flatMap(({ pseudo }) => pseudo?.models ?? [])];
  const files = [...(init === undefined ? [] : [initFile(init)]), ...models.map(teacherFile), ...(data.changes ?? [])];
  return files.map((file) => (existsSync(file) ? createHash('sha256').update(readFileSync(file)).digest('hex') : ''));
}

/** A training by all that decides its result; name and description do not. */
export function trainingKey(recipe: Recipe, files: readonly string[] = filesOf(recipe)): string {
  const { name: _, description: __, ...deciding } = recipe;
  return createHash('sha256')
    .update(JSON.stringify(sorted(files.length > 0 ? { ...deciding, files } : deciding)))
    .digest('hex')
    .slice(0, 16);
}

/** Trainings by the folders they are in already. */
function knownRuns(kept: KeptAblation): Map<string, string> {
  return new Map(kept.runs ? Object.entries(kept.runs) : runsOf(kept, '').map(({ folder, recipe }) => [folder, trainingKey(recipe)]));
}

/** The folder that holds the training already, or a new one, which belongs to no other. */
function folderFor(run: AblationRun, key: string, known: ReadonlyMap<string, string>, claimed: ReadonlySet<string>, out: string): string {
  const own = run.folder;
  const holding = [...known].filter(([folder, other]) => other === key && !claimed.has(folder)).map(([folder]) => folder);
  const finished = holding.find((folder) => readOutcome(join(out, 'runs', folder)));
  if (finished !== undefined || holding.length > 0) return finished ?? (holding.includes(own) ? own : holding[0]!);
  return known.has(own) || claimed.has(own) ? `${own}-${key.slice(0, 8)}` : own;
}

export interface KeepAblationOptions {
  readonly plan: AblationPlan;
  readonly data: DataFingerprint;
  /** Absolute. */
  readonly out: string;
}

/**
 * The runs of the plan, each in the folder where it was begun before, and the folder's memory brought up to date. Throws `UserError`
 * `other-data` and, where finished trainings were measured on other rows, `other-ablation`.
 */
export function keepAblation({ plan, data, out }: KeepAblationOptions): AblationRun[] {
  const file = join(out, 'ablation.json');
  const kept = existsSync(file) ? (readJson(file, 'delete it, and the same command makes it anew; what its runs came to is kept') as KeptAblation) : undefined;
  checkSameData(kept?.data, data, out, 'ablation');
  if (kept && kept.split !== plan.split) {
    const named = (split: string | undefined): string => split ?? 'the rows each recipe chooses its epoch on';
    throw new UserError(
      'other-ablation',
      `${out}: its rows were measured on another split (split: ${named(kept.split)}, now ${named(plan.split)}); go on with that one, or start in another --out`,
    );
  }
  const known = kept ? knownRuns(kept) : new Map<string, string>();
  const claimed = new Set<string>();
  const placed = new Map<AblationRun, AblationRun>();
  for (const run of runsOf(plan, out)) {
    const key = trainingKey(run.recipe);
    // Folders of before are known by a key that did not look into files.
    const former = trainingKey(run.recipe, []);
    for (const [folder, other] of known) if (other === former) known.set(folder, key);
    const folder = folderFor(run, key, known, claimed, out);
    claimed.add(folder);
    known.set(folder, key);
    placed.set(run, { ...run, folder, out: join(out, 'runs', folder), sameAs: run.sameAs && placed.get(run.sameAs as AblationRun) });
  }
  writeAtomically(file, `${JSON.stringify({ ...plan, data, runs: Object.fromEntries(known) } satisfies KeptAblation, null, 2)}\n`);
  return [...placed.values()];
}
