/** @mien/training: recipes, the trainer, checkpoints, export. Node only. */

// Recipes
export { checkRecipe, loadRecipe, recipeNames } from './recipe.ts';
export type { Recipe, RecipeInput, Stage } from './recipe-schema.ts';
// Training
export { type CountEvent, type EpochFigures, isCount, type TrainEvent } from './events.ts';
export { type EstimateOptions, type EstimateProgress, estimateTraining, type StageEstimate, type TrainingEstimate } from './estimate.ts';
export { train, type TrainOptions } from './train.ts';
export type { InitReport } from './initial-weights.ts';
export { isRunFolder, runFolder, writeAtomically } from './run-folder.ts';
// Ablations
export { ablationNames, type AblationPlan, type AblationRow, loadAblation } from './ablation/ablation-plan.ts';
export { type AblationRun, planAblation, type RowCost, runsOf, workOfRow } from './ablation/lay-out-ablation.ts';
export { type AblationOutcome, type AblationProgress, runAblation, type RunAblationOptions } from './ablation/run-ablation.ts';
export { isFailed, type RunOutcome } from './jobs/run-result.ts';
export type { TrainingPlace } from './jobs/training-work.ts';
// Trainings as jobs of a queue
export { openTrainingHandler, type TrainingWorkerOptions } from './jobs/training-handler.ts';
export { type AblationSummary, type RowSummary, summariseAblation } from './ablation/summarise.ts';
export { formatMarkdown } from './ablation/format-summary.ts';
export { findPlace, type ResultFiles, updateDocument, writeResults } from './ablation/write-results.ts';
// Sweeps
export { type Axis, candidatesOf, type Distribution, parseGrid, parseRandom, type SearchSpace } from './sweep/search-space.ts';
export { countsOf, type Halving } from './sweep/halving.ts';
export { checkFolds, planSweep, type SweepPlan, type SweepRequest, type SweepRun, sweepRuns } from './sweep/sweep-plan.ts';
export { runSweep, type RunSweepOptions, type SweepOutcome, type SweepProgress } from './sweep/run-sweep.ts';
export { summariseSweep, type SweepSummary } from './sweep/summarise-sweep.ts';
// Learning from rows without labels
export { atTemperature, calibrate, judgeRows, type JudgeOptions } from './semi/judge-rows.ts';
export { foldRecipe, outOfFold, type OutOfFoldOptions } from './semi/out-of-fold.ts';
export { formatPseudoLabels, type PseudoCsvOptions } from './semi/pseudo-csv.ts';
export { type AcceptedCount, countAccepted, type Guess, guessRows, thresholdsForPrecision, thresholdsOf } from './semi/pseudo-labels.ts';
// Combining models
export { buildEnsemble, describeBridge, type Ensemble, type EnsembleOptions } from './combine/ensemble.ts';
export { type Member, readMember } from './combine/member.ts';
export { TeacherPanel, type TeacherPanelOptions } from './combine/teacher-panel.ts';
// Files
export { decodeSafetensors, encodeSafetensors, type NamedTensor, type SafetensorsFile } from '@mien/models';
export { exportModel, type ExportContext, makeCard } from './export-model.ts';
export { architectureOf, type NetworkPlan, planNetwork } from './network-plan.ts';
export { usualGflops } from './training-cost.ts';
export type { ImageShape } from './input-pixels.ts';
