/** The plan of many trainings, kept in their folder: what is already there must be the same. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '@mien/runtime';
import { firstDifference } from '../first-difference.ts';
import { writeAtomically } from '../run-folder.ts';

export interface KeepPlanOptions {
  /** Name of the plan's file in `out`. */
  readonly file: string;
  /** Code of the error. */
  readonly code: string;
  /** As `ablation`. */
  readonly what: string;
  readonly plan: unknown;
  readonly out: string;
}

const longestShown = 60;

/** Throws `UserError` of `code` where the folder holds another plan, naming the first field that differs. */
export function keepPlan({ file: name, code, what, plan, out }: KeepPlanOptions): void {
  const file = join(out, name);
  const text = `${JSON.stringify(plan, null, 2)}\n`;
  if (!existsSync(file)) {
    writeAtomically(file, text);
    return;
  }
  const change = firstDifference(JSON.parse(readFileSync(file, 'utf8')), JSON.parse(text));
  if (!change) return;
  const shorten = (json: string | undefined): string => ((json?.length ?? 0) > longestShown ? `${json!.slice(0, longestShown - 3)}…` : `${json}`);
  throw new UserError(
    code,
    `${out}: the ${what} was begun with another ${what === 'ablation' ? 'file' : 'plan'} (${change.path}: ${shorten(change.was)}, now ${shorten(change.now)}); go on with that one, or start in another --out`,
  );
}
