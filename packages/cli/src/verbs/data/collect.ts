/** Options of `mien data` that come as assignments or lists. */
import { readFileSync } from 'node:fs';
import type { LabelMap, MergeMap, SplitStrategy } from '@mien/data';
import { UserError } from '@mien/runtime';
import { parse } from 'yaml';
import { z } from 'zod';

/** `--map NAME=LABEL`, repeatable. */
export function collectMap(assignment: string, before: LabelMap = {}): LabelMap {
  const [from, to, ...rest] = assignment.split('=');
  if (!from || !to || rest.length) throw new UserError('bad-map', `--map ${assignment}: expected NAME=LABEL or NAME=drop, as contempt=drop`);
  return { ...before, [from]: to };
}

/** `angry,happy,other`. */
export function parseNames(text: string): string[] {
  const names = text.split(',').map((name) => name.trim());
  if (names.some((name) => name === '')) throw new UserError('bad-option', `${text}: expected names with commas between, as angry,happy,other`);
  return names;
}

/** `80:10:10` → shares that sum to 1. */
export function parseRatios(text: string): readonly [number, number, number] {
  const parts = text.split(':').map(Number);
  const total = parts.reduce((sum, part) => sum + part, 0);
  if (parts.length !== 3 || !parts.every((part) => part >= 0) || !(total > 0)) {
    throw new UserError('bad-option', `--ratios ${text}: expected train:val:test, as 80:10:10`);
  }
  return parts.map((part) => part / total) as [number, number, number];
}

export interface StrategyFlags {
  ratios?: readonly [number, number, number];
  folds?: number;
  fold?: number;
  seed?: number;
}

/** How rows are divided, from the options that say so; 80:10:10 where none does. */
export function strategyOf({ ratios, folds, fold, seed = 1 }: StrategyFlags): SplitStrategy {
  if ((folds === undefined) !== (fold === undefined)) throw new UserError('bad-option', '--folds and --fold go together, as --folds 5 --fold 1');
  if (folds === undefined || fold === undefined) return { kind: 'shares', shares: ratios ?? [0.8, 0.1, 0.1], seed };
  if (ratios) throw new UserError('bad-option', '--ratios and --folds are two ways to divide; give one of them');
  return { kind: 'fold', folds, fold, seed };
}

const mergeMap = z.strictObject({
  labels: z.array(z.string().min(1)).optional(),
  map: z.record(z.string(), z.record(z.string(), z.string())).optional(),
});

/** A label map for `mien data merge`, in YAML. */
export function readMergeMap(file: string): MergeMap {
  let value: unknown;
  try {
    value = parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new UserError('bad-map', `${file}: expected a label map in YAML, it cannot be read (${(cause as Error).message.split('\n')[0]})`, { cause });
  }
  const parsed = mergeMap.safeParse(value ?? {});
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new UserError(
      'bad-map',
      `${file}: ${issue?.path.join('.') || 'map'}: ${issue?.message}; expected \`labels: [angry, …]\` and \`map: { NAME: { contempt: drop } }\``,
    );
  }
  return parsed.data;
}
