/** The data-set doctor: every check over a store, and what it found. Nothing is changed. */
import { type FaceDetector, UserError } from '@mien/runtime';
import { largestLabelled, noLabel } from '../store/manifest.ts';
import { readColumns } from '../store/rows.ts';
import type { Store } from '../store/store.ts';
import { duplicateFindings, nearDuplicateFinding } from './duplicate-findings.ts';
import { countGroups, exactGroups, type Group, type GroupCounts, nearGroups } from './duplicates.ts';
import { findFaceless } from './faces.ts';
import type { CheckContext, Finding } from './finding.ts';
import { imageFindings } from './image-findings.ts';
import { balanceFinding, facelessFinding, suspectFinding, voteFindings } from './label-findings.ts';
import { rankSuspects } from './label-noise.ts';
import { scanStore } from './scan.ts';

export interface CheckOptions {
  /** Split that models learn from; by default `train`, else the one with most labels that is not locked. */
  train?: string | undefined;
  /** Probabilities [N,K] of a model for each row of a split, by the split's name; rows not judged are NaN. */
  probabilities?: ReadonlyMap<string, Float32Array> | undefined;
  /** Whether annotators' votes are heard; default true. */
  votes?: boolean | undefined;
  /** Looks for faces too, which takes some milliseconds an image. */
  detector?: FaceDetector | undefined;
  onProgress?: ((what: string, done: number, total: number) => void) | undefined;
}

export interface CheckResult {
  context: CheckContext;
  exact: readonly Group[];
  near: readonly Group[];
  duplicates: GroupCounts;
  nearDuplicates: GroupCounts;
  /** In the order they are told. */
  findings: readonly Finding[];
}

/** @throws UserError `unknown-split`, `bad-probabilities`. */
export async function checkStore(store: Store, options: CheckOptions = {}): Promise<CheckResult> {
  const { onProgress } = options;
  const train = chooseTrain(store, options.train);
  const scan = await scanStore(store, (done, total) => onProgress?.('looking at images', done, total));
  const columns = [];
  for (const split of scan.splits) columns.push(await readColumns(split));
  const context: CheckContext = { scan, columns, train };
  const exact = exactGroups(scan);
  const near = await nearGroups(scan);
  const findings = [...duplicateFindings(context, exact), nearDuplicateFinding(context, near), ...imageFindings(context), balanceFinding(context)];
  if (options.votes ?? true) findings.push(...voteFindings(context));
  if (options.probabilities) findings.push(doubts(context, options.probabilities));
  if (options.detector) {
    const faceless = await findFaceless(scan, options.detector, (done, total) => onProgress?.('looking for faces', done, total));
    findings.push(facelessFinding(context, faceless));
  }
  return { context, exact, near, duplicates: countGroups(scan, exact), nearDuplicates: countGroups(scan, near), findings };
}

function chooseTrain(store: Store, asked: string | undefined): number {
  const { splits } = store.manifest;
  if (asked !== undefined) {
    const found = splits.findIndex(({ name }) => name === asked);
    if (found < 0) throw new UserError('unknown-split', `${store.dir}: no split ${asked}; it has ${store.splitNames.join(', ')}`);
    return found;
  }
  const named = splits.findIndex(({ name }) => name === 'train');
  if (named >= 0) return named;
  return splits.findIndex(({ name }) => name === largestLabelled(splits)?.name);
}

function doubts(context: CheckContext, probabilities: ReadonlyMap<string, Float32Array>): Finding {
  const { scan } = context;
  const classes = scan.store.manifest.labels.length;
  let judged = 0;
  const suspects = scan.splits.map((split) => {
    const given = probabilities.get(split.name);
    if (!given) return [];
    if (given.length !== split.count * classes) {
      throw new UserError('bad-probabilities', `split ${split.name}: expected ${split.count}×${classes} probabilities, came ${given.length}`);
    }
    for (let row = 0; row < split.count; row++) if (split.labels[row] !== noLabel && Number.isFinite(given[row * classes])) judged++;
    return rankSuspects(given, split.labels, classes);
  });
  return suspectFinding(context, suspects, judged);
}
