/** The table of a sweep: candidates from the best to the worst, with what has to be known to read it. */
import { formatSeconds } from '../ablation/format-summary.ts';
import { type AblationSummary, summariseAblation } from '../ablation/summarise.ts';
import { isFailed, type RunResult } from '../jobs/run-result.ts';
import { ensembleMembers } from './ensemble-members.ts';
import type { CandidateOutcome, SweepOutcome } from './run-sweep.ts';
import type { SweepPlan } from './sweep-plan.ts';

export interface SweepSummary extends AblationSummary {
  /** Sentences under the table. */
  readonly notes: readonly string[];
  /** The values of the best candidate's fields, as its name tells them; undefined where nothing is measured. */
  readonly best: string | undefined;
  readonly trainings: number;
  /** Of training, over all workers. */
  readonly seconds: number;
  /** The file of the members' mean, where members were asked for. */
  readonly ensemble?: string;
}

export interface SummariseSweepOptions {
  readonly plan: SweepPlan;
  readonly outcome: SweepOutcome;
  readonly data: string;
  readonly out: string;
  readonly threads?: number | undefined;
}

const isMeasured = ({ outcomes }: CandidateOutcome): boolean => outcomes.some((outcome) => !isFailed(outcome));

/** Mean over seeds; a candidate of which a seed failed stands behind those of which none did. */
function accuracyOf({ outcomes }: CandidateOutcome): number {
  const results = outcomes.filter((outcome): outcome is RunResult => !isFailed(outcome));
  return results.length === 0
    ? -1 - outcomes.length
    : results.reduce((sum, { accuracy }) => sum + accuracy, 0) / results.length - (outcomes.length - results.length);
}

/** Who came further stands higher, then who was right more often: figures of different numbers of epochs do not compare. */
function byMerit(a: CandidateOutcome, b: CandidateOutcome): number {
  return b.rungsReached - a.rungsReached || accuracyOf(b) - accuracyOf(a);
}

function noteOf(candidate: CandidateOutcome, { halving }: SweepPlan): string {
  const { outcomes } = candidate;
  const failure = outcomes.find(isFailed);
  const paused = outcomes.find((outcome): outcome is RunResult => !isFailed(outcome) && outcome.pausedAfter !== undefined);
  return [failure?.failure ?? '', paused ? `left after ${paused.pausedAfter} of ${halving!.rungs.at(-1)} epochs` : ''].filter(Boolean).join('; ');
}

function notesOf(plan: SweepPlan, { trainings, seconds }: SweepOutcome): string[] {
  const { rows, folds, halving, split } = plan;
  const chosenOn = split === undefined ? 'the rows it is measured on' : `split ${split}, which the table is measured on`;
  return [
    `${trainings} trainings, ${formatSeconds(seconds)} of training in all, summed over workers; "training" is one candidate and seed${folds ? ', all folds' : ''}.`,
    ...(rows.length > 1
      ? [
          `The best of ${rows.length} candidates is chosen on ${chosenOn}: its accuracy is likely too high by some of the width of its interval; measure it once on rows that chose nothing.`,
        ]
      : []),
    ...(folds
      ? [
          `Cross-validation: every image of the split is named by the one of ${folds} models that neither learnt it nor chose its epoch on it; the figures are of all folds together.`,
        ]
      : []),
    ...(halving
      ? [
          `Halving: candidates are compared after ${halving.rungs.join(', ')} epochs, and one in ${halving.eta} goes on, on the way of the schedule of all ${halving.rungs.at(-1)} epochs. Whoever reached the end has the weights of a training without halving; one that is slow at first may have been left behind.`,
        ]
      : []),
  ];
}

/** Of a finished sweep or of what there is so far. Writes the ensemble where one was asked for and all members are there. */
export async function summariseSweep({ plan, outcome, data, out, threads }: SummariseSweepOptions): Promise<SweepSummary> {
  const ranked = [...outcome.candidates].sort(byMerit);
  const best = ranked.find(isMeasured);
  const place = (name: string): number => plan.rows.findIndex((row) => row.name === name);
  const rows = ranked.map((candidate) => {
    // Differences between trainings of unequal length would say nothing of the candidates.
    const comparable = best && candidate !== best && candidate.rungsReached === best.rungsReached;
    return { ...plan.rows[place(candidate.name)]!, note: noteOf(candidate, plan), against: comparable ? best.name : undefined };
  });
  const summary = summariseAblation(
    { ...plan, rows },
    {
      costs: ranked.map(({ name }) => outcome.costs[place(name)]!),
      dataset: outcome.dataset,
      outcomes: ranked.flatMap(({ outcomes }) => outcomes),
      finished: outcome.finished,
    },
  );
  const common = { notes: notesOf(plan, outcome), best: best?.name, trainings: outcome.trainings, seconds: outcome.seconds };
  if (!plan.ensemble || !outcome.finished || !best) return { ...summary, ...common };
  if (best.outcomes.some((outcome) => !isFailed(outcome) && outcome.pausedAfter !== undefined))
    return { ...summary, ...common, notes: [...common.notes, 'No ensemble: none of the candidates that came to the end could be measured.'] };
  const row = summary.rows.find(({ name }) => name === best.name)!;
  const ensemble = await ensembleMembers({ plan, data, out, best, row, threads });
  return ensemble ? { ...summary, rows: [...summary.rows, ensemble.row], ...common, ensemble: ensemble.file } : { ...summary, ...common };
}
