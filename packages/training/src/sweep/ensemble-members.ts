/** The best candidate's trainings as one model, measured on the rows of the sweep's table. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { intervalOverSeeds, meanAndSd } from '@mien/evaluation';
import type { RowSummary } from '../ablation/summarise.ts';
import { hitsOf } from '../ablation/summarise.ts';
import { buildEnsemble } from '../combine/ensemble.ts';
import { type Member, readMember } from '../combine/member.ts';
import { runFolder, writeAtomically } from '../run-folder.ts';
import { isFailed, measureModelOn, type RunResult } from '../jobs/run-result.ts';
import type { CandidateOutcome } from './run-sweep.ts';
import { type SweepPlan, sweepRuns } from './sweep-plan.ts';

export interface EnsembleMembersOptions {
  readonly plan: SweepPlan;
  readonly data: string;
  readonly out: string;
  readonly best: CandidateOutcome;
  /** The best candidate's row of the table. */
  readonly row: RowSummary;
  readonly threads?: number | undefined;
}

/** Writes `ensemble.onnx` and returns its row; undefined where fewer than two members finished. */
export async function ensembleMembers({ plan, data, out, best, row, threads }: EnsembleMembersOptions): Promise<{ file: string; row: RowSummary } | undefined> {
  const results = best.outcomes.filter((outcome): outcome is RunResult => !isFailed(outcome));
  if (results.length < 2) return undefined;
  const runs = sweepRuns(plan, resolve(out)).filter((run) => run.row === best.name && results.some(({ seed }) => seed === run.seed));
  const members = runs.map((run) => {
    const file = runFolder(run.out).model;
    return readMember(new Uint8Array(readFileSync(file)), file);
  }) as [Member, ...Member[]];
  const [{ recipe }] = runs as [(typeof runs)[number]];
  const file = join(out, 'ensemble.onnx');
  // Whole pictures, so that members see what they were trained on.
  const { bytes, card } = buildEnsemble({ members, name: `${recipe.name}-ensemble`, flip: false, crops: false });
  const measured = await measureModelOn({ recipe, data, model: bytes, file, split: plan.split, threads });
  writeAtomically(file, bytes);
  const hits = hitsOf(measured);
  const gains = results.map((result) => hitsOf(result).map((hit, i) => hits[i]! - hit));
  return {
    file,
    row: {
      ...row,
      name: `ensemble of the ${members.length} of ${best.name}`,
      note: 'ensemble.onnx',
      parameters: row.parameters * members.length,
      flops: card.flops,
      trainingFlops: row.trainingFlops * members.length,
      failed: [],
      seeds: plan.seeds,
      figures: {
        accuracies: [measured.accuracy],
        accuracy: { mean: measured.accuracy, sd: undefined },
        accuracy95: intervalOverSeeds([hits]),
        macroF1: { mean: measured.macroF1, sd: undefined },
        difference: { against: best.name, value: meanAndSd(gains.map((gain) => meanAndSd([...gain]).mean)).mean, interval95: intervalOverSeeds(gains) },
        seconds: results.reduce((sum, { seconds }) => sum + seconds, 0),
      },
    },
  };
}
