/** What the doctor would do, as a csv for a person to decide on. */
import type { Action, ProposedChange } from '../clean/changes.ts';
import type { CheckResult } from './check.ts';
import { type Group, labelsOf } from './duplicates.ts';
import { noLabel } from '../store/manifest.ts';
import { identityOf } from './finding.ts';
import { placeOf } from './scan.ts';

export interface ProposalOptions {
  /** Relabel rows for which a model's probability or the annotators' share of votes for another label is at least this, 0…1; by default doubts are only listed. */
  relabelAbove?: number | undefined;
}

interface Proposal {
  action: Action;
  to: string;
  reasons: string[];
}

/**
 * Proposals in the order of the rows. Only rows of the training split are to be dropped or relabelled; rows of the
 * splits that measure are listed with `keep`, for a test that is changed tells nothing about the one others publish.
 */
export function proposeChanges(result: CheckResult, { relabelAbove }: ProposalOptions = {}): ProposedChange[] {
  const { context, exact, near, findings } = result;
  const { scan, train } = context;
  const labels = scan.store.manifest.labels;
  const proposals = new Map<number, Proposal>();
  const propose = (i: number, wanted: Action, reason: string, to = ''): void => {
    const action = scan.splitOf[i] === train ? wanted : 'keep';
    const known = proposals.get(i);
    if (!known) proposals.set(i, { action, to, reasons: [reason] });
    else {
      known.reasons.push(reason);
      // The first reason decides, but a drop goes before anything else, and a label that is to be given before one that is only listed.
      const rises = action === 'drop' || (known.action === 'keep' && action === 'relabel');
      if (known.to === '' || (rises && to !== '')) known.to = to;
      if (rises) known.action = action;
    }
  };
  const rowsOf = (id: string) => findings.find((finding) => finding.id === id);

  for (const i of rowsOf('constant')?.rows ?? []) propose(i, 'drop', 'blank image');
  for (const i of rowsOf('votes-no-face')?.rows ?? []) propose(i, 'drop', 'no face, say most annotators');
  for (const group of exact) proposeForCopies(result, group, propose);
  for (const group of near) {
    const labelled = labelsOf(scan, group).map((label) => labels[label]);
    const splits = [...new Set(group.map((i) => placeOf(scan, i).split.name))];
    if (labelled.length <= 1 && splits.length === 1) continue;
    const what = `looks like others${labelled.length > 1 ? ` labelled ${labelled.join(' and ')}` : ''}${splits.length > 1 ? ` in ${splits.join(' and ')}` : ''}`;
    for (const i of group) propose(i, 'keep', what);
  }
  for (const [id, why] of [
    ['votes-disagree', 'most annotators say'],
    ['label-noise', 'the model says'],
  ] as const) {
    const finding = rowsOf(id);
    for (const [at, i] of (finding?.rows ?? []).entries()) {
      const sure = relabelAbove !== undefined && (finding?.certainty?.[at] ?? 0) >= relabelAbove;
      propose(i, sure ? 'relabel' : 'keep', `${why} ${finding?.captions?.[at]}`, labels[finding?.suggested?.[at] ?? -1] ?? '');
    }
  }
  for (const i of rowsOf('no-face')?.rows ?? []) propose(i, 'keep', 'no face found');

  return [...proposals]
    .sort(([a], [b]) => a - b)
    .map(([i, { action, to, reasons }]) => ({
      ...identityOf(context, i),
      action,
      to: action === 'drop' ? '' : to,
      in: placeOf(scan, i).split.name,
      label: labels[scan.labels[i] as number] ?? '',
      reason: reasons.join('; '),
    }));
}

/** Copies that contradict each other or stand in another split leave training; else the first that has a label stays, or the first. */
function proposeForCopies({ context }: CheckResult, group: Group, propose: (i: number, action: Action, reason: string) => void): void {
  const { scan, train } = context;
  const labels = labelsOf(scan, group).map((label) => scan.store.manifest.labels[label]);
  const isLabelled = (i: number): boolean => scan.labels[i] !== noLabel;
  const elsewhere = [...new Set(group.filter((i) => scan.splitOf[i] !== train && isLabelled(i)).map((i) => placeOf(scan, i).split.name))];
  const learnt = group.filter((i) => scan.splitOf[i] === train);
  const first = learnt.find(isLabelled) ?? learnt[0];
  for (const i of group) {
    if (labels.length > 1) propose(i, 'drop', `identical pixels labelled ${labels.join(' and ')}`);
    else if (elsewhere.length > 0 && first !== undefined) propose(i, 'drop', `identical pixels in ${[...elsewhere, scan.splits[train]?.name].join(' and ')}`);
    else propose(i, i === first ? 'keep' : 'drop', 'identical to other rows');
  }
}
