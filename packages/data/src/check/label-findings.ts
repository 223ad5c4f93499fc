/** Verdicts on labels: how many of each, what annotators and models say against them, and rows without a face. */
import { parseExpression } from '@mien/runtime';
import { type CheckContext, counted, type Finding } from './finding.ts';
import { noLabel } from '../store/manifest.ts';
import type { Suspect } from './label-noise.ts';

/** Classes more unequal than this, largest to smallest, need weights or figures per class. */
const unequal = 3;

export function balanceFinding({ scan, train }: CheckContext): Finding {
  const labels = scan.store.manifest.labels;
  const split = scan.splits[train] ?? scan.splits[0];
  const counts = split?.perLabel ?? [];
  const empty = labels.filter((_, k) => !counts[k]);
  const present = labels.filter((_, k) => counts[k]).sort((a, b) => (counts[labels.indexOf(a)] as number) - (counts[labels.indexOf(b)] as number));
  const [rarest, commonest] = [present[0] ?? '', present.at(-1) ?? ''];
  const of = (label: string) => counts[labels.indexOf(label)] ?? 0;
  const ratio = of(rarest) > 0 ? of(commonest) / of(rarest) : 1;
  const unlabelled = split?.unlabelled ? ` ${counted(split.unlabelled, 'row')} of it ${split.unlabelled === 1 ? 'has' : 'have'} no label.` : '';
  const missing = empty.length > 0 ? ` No image shows ${empty.join(', ')}: a model cannot learn ${empty.length === 1 ? 'it' : 'them'}.` : '';
  return {
    id: 'balance',
    title: 'Class balance',
    level: empty.length > 0 ? 'problem' : ratio > unequal ? 'warning' : 'fine',
    verdict:
      present.length === 0
        ? `There are no ${split?.unlabelled ? 'labels' : 'images'}.`
        : `In ${split?.name}, ${commonest} (${of(commonest).toLocaleString('en')}) is ${ratio.toFixed(1)} times as frequent as ${rarest} (${of(rarest).toLocaleString('en')}).${ratio > unequal ? ' Report macro-F1 beside accuracy, and consider class weights.' : ''}${missing}${unlabelled}`,
    rows: [],
  };
}

/** What the annotators' votes of a store say: rows most of them call no face, and rows most of them label otherwise. */
export function voteFindings({ scan, columns }: CheckContext): Finding[] {
  const names = scan.splits[0]?.voteNames;
  if (!names) return [];
  const labels = scan.store.manifest.labels;
  /** Class index each kind of vote stands for; −1 for none of ours. */
  const classOf = names.map((name) => labels.indexOf(parseExpression(name) ?? name));
  const noFace = names.indexOf('NF');
  const faceless: { i: number; votes: number; of: number }[] = [];
  const contradicted: { i: number; label: number; votes: number; of: number }[] = [];
  for (let i = 0; i < scan.count; i++) {
    const s = scan.splitOf[i] as number;
    const at: number = (i - (scan.starts[s] as number)) * names.length;
    const votes: Uint8Array = columns[s]?.votes?.subarray(at, at + names.length) ?? new Uint8Array();
    const of = votes.reduce((sum, each) => sum + each, 0);
    const best = votes.indexOf(Math.max(...votes));
    const most = votes[best] ?? 0;
    if (2 * most <= of) continue;
    if (best === noFace) faceless.push({ i, votes: most, of });
    else if ((classOf[best] as number) >= 0 && classOf[best] !== scan.labels[i] && scan.labels[i] !== noLabel)
      contradicted.push({ i, label: classOf[best] as number, votes: most, of });
  }
  faceless.sort((a, b) => b.votes / b.of - a.votes / a.of);
  contradicted.sort((a, b) => b.votes / b.of - a.votes / a.of);
  return [
    {
      id: 'votes-no-face',
      title: 'No face, say the annotators',
      level: faceless.length === 0 ? 'fine' : 'warning',
      verdict:
        faceless.length === 0
          ? 'No image is called faceless by most of its annotators.'
          : `More than half of the annotators found no face in ${counted(faceless.length, 'image')}. Drop them from training.`,
      rows: faceless.map(({ i }) => i),
      captions: faceless.map(({ votes, of }) => `${votes} of ${of}`),
    },
    {
      id: 'votes-disagree',
      title: 'Labels most annotators disagree with',
      level: contradicted.length === 0 ? 'fine' : 'warning',
      verdict:
        contradicted.length === 0
          ? 'No label is contradicted by most of its annotators.'
          : `For ${counted(contradicted.length, 'image')} (${((100 * contradicted.length) / Math.max(1, scan.count)).toFixed(1)} %) more than half of the annotators agree on another label. Accuracy on these labels has a ceiling well below 100 %.`,
      rows: contradicted.map(({ i }) => i),
      captions: contradicted.map(({ label, votes, of }) => `${labels[label]} ${votes} of ${of}`),
      suggested: contradicted.map(({ label }) => label),
      certainty: contradicted.map(({ votes, of }) => votes / of),
    },
  ];
}

/** @param suspects of each split, in the order of the scan's; empty where none was judged. */
export function suspectFinding({ scan }: CheckContext, suspects: readonly (readonly Suspect[])[], judged: number): Finding {
  const labels = scan.store.manifest.labels;
  const ranked = suspects
    .flatMap((some, s) => some.map((suspect) => ({ ...suspect, i: suspect.row + (scan.starts[s] as number) })))
    .sort((a, b) => a.confidence - b.confidence || a.i - b.i);
  return {
    id: 'label-noise',
    title: 'Labels a model doubts',
    level: ranked.length === 0 ? 'fine' : 'warning',
    verdict:
      ranked.length === 0
        ? `The model doubts none of the ${judged.toLocaleString('en')} labels it judged.`
        : `For ${ranked.length.toLocaleString('en')} of ${counted(judged, 'judged label')} (${((100 * ranked.length) / judged).toFixed(1)} %) the model prefers another class, and at least as surely as it does on average where that class is the label. The first are the most doubtful; a doubt is no proof, so look before changing.`,
    rows: ranked.map(({ i }) => i),
    captions: ranked.map(({ suggested, suggestedConfidence }) => `${labels[suggested]} ${Math.round(100 * suggestedConfidence)} %`),
    suggested: ranked.map(({ suggested }) => suggested),
    certainty: ranked.map(({ suggestedConfidence }) => suggestedConfidence),
  };
}

/** @param faceless numbers of the scan, the least face-like first. */
export function facelessFinding({ scan }: CheckContext, faceless: readonly { i: number; score: number }[]): Finding {
  return {
    id: 'no-face',
    title: 'No face found',
    level: faceless.length === 0 ? 'fine' : 'note',
    verdict:
      faceless.length === 0
        ? 'The face detector finds a face in every image.'
        : `The face detector finds nothing like a face in ${counted(faceless.length, 'image')} (${((100 * faceless.length) / scan.count).toFixed(1)} %). Faces cut this tight are hard for a detector, so most of these may be faces all the same: look before dropping any.`,
    rows: faceless.map(({ i }) => i),
    captions: faceless.map(({ score }) => score.toFixed(2)),
  };
}
