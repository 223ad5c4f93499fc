/** The plan of many trainings, kept in their folder: what is already there must be the same. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '@mien/runtime';
import { firstDifference } from '../first-difference.ts';
import { readJson } from '../read-json.ts';
import { writeAtomically } from '../run-folder.ts';

export interface KeepPlanOptions {
  /** Name of the plan's file in `out`. */
  readonly file: string;
  /** Code of the error. */
  readonly code: string;
  /** As `sweep`. */
  readonly what: string;
  readonly plan: unknown;
  readonly out: string;
}

const longestShown = 60;

/** What the folder holds, undefined where it is new. */
export function keptPlan({ file, out }: Pick<KeepPlanOptions, 'file' | 'out'>): unknown {
  const path = join(out, file);
  return existsSync(path) ? readJson(path, 'delete it, and the same command makes it anew') : undefined;
}

/** Throws `UserError` of `code` where the folder holds another plan, naming the first field that differs. */
export function keepPlan({ file: name, code, what, plan, out }: KeepPlanOptions): void {
  const text = `${JSON.stringify(plan, null, 2)}\n`;
  const kept = keptPlan({ file: name, out });
  if (kept === undefined) {
    writeAtomically(join(out, name), text);
    return;
  }
  const change = firstDifference(kept, JSON.parse(text));
  if (!change) return;
  const shorten = (json: string | undefined): string => ((json?.length ?? 0) > longestShown ? `${json!.slice(0, longestShown - 3)}…` : `${json}`);
  throw new UserError(
    code,
    `${out}: the ${what} was begun with another plan (${change.path}: ${shorten(change.was)}, now ${shorten(change.now)}); go on with that one, or start in another --out`,
  );
}
