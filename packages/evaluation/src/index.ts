/** @mien/evaluation: honest figures. */

// Figures
export { type RiskCoverage, riskCoverage, riskCurve, type RiskPoint, thresholdForRisk } from './abstention.ts';
export { calibration, type Calibration, fitTemperature, probabilities, type ReliabilityBin } from './calibration.ts';
export {
  argmax,
  type ClassFigures,
  computeMetrics,
  type Metrics,
  negativeLogLikelihood,
  negativeLogLikelihoods,
  topAccuracy,
  wilsonInterval,
} from './metrics.ts';
export { type AbstainResult, fitAbstention, halves, type JudgedRows } from './abstain-threshold.ts';
export { type VoteAgreement, voteAgreement } from './vote-agreement.ts';
// Comparisons
export { bootstrapInterval, calibrationInterval, comparePaired, macroF1Interval, meanInterval, type PairedComparison } from './compare.ts';
export { intervalOverSeeds, meanAndSd } from './compare-seeds.ts';
// A model and its card
export { type CardHead, headsOfCard, labelHead, votesHead, withMainHead } from './card-heads.ts';
export { cardFigures, type CardFigure, isOf, withNote } from './card-figures.ts';
export {
  type CardTemperature,
  fitCardTemperature,
  type FitTemperatureOptions,
  type HeadTemperature,
  orWhyNot,
  type Target,
  targetsOf,
} from './card-temperature.ts';
// A model on a split
export { type EvaluateOptions, type Evaluation, evaluateSplit, measuredHead, pickRows } from './evaluate.ts';
export { type PredictOptions, predictSplit, refuseLevelFaces } from './predict-split.ts';
export { majorityTruth, voteColumns, type VotedTruth } from './votes.ts';
export { caveatsOf, checkSplit, refuseSeen, refuseUnlabelled, type SeenRows, seenRows, usedRows } from './seen-rows.ts';
export { type OverlapFigures, overlapFigures } from './overlap-figures.ts';
// Groups of people
export { compareGroups, type Gap, type GroupFigures, type GroupReport } from './group-gap.ts';
export { readGroups } from './groups-csv.ts';
// Robustness
export { type CorruptionName, corruptionNames, corruptPixels } from './corruption/corruptions.ts';
export { coverRegion, type FaceRegion, faceRegionNames } from './corruption/face-regions.ts';
export { type Severity, severities } from './corruption/picture.ts';
export { measureRobustness, type Robustness, type RobustnessOptions, sampleRows } from './robustness.ts';
// Explanations
export { checkMethod, Explainer, type ExplainMethod, explainMethods, methodMeaning, methodsFor } from './explain/explain.ts';
export { type Faithfulness, measureFaithfulness, type MethodFaithfulness } from './explain/faithfulness.ts';
export { type HeatMap, resizeMap, stretchMap } from './explain/heat-map.ts';
export { LookingGlass } from './explain/looking-glass.ts';
export { channelWeights, measuredWeights } from './explain/activation-map.ts';
export type { OpenSlopes, Slopes } from './explain/slopes.ts';
export { overlayPng, seenSquare } from './explain/overlay.ts';
// Output
export { formatMetrics } from './format-table.ts';
export { formatGroups, formatRobustness } from './format-report.ts';
export { paperPalette } from './plot/palette.ts';
export { writePlots } from './plot/write-plots.ts';
export { evaluationPage } from './report/evaluation-page.ts';
export { type Mistake, worstMistakes } from './report/mistakes.ts';
export { modelFigures } from './report/model-figures.ts';
export { type ModelFigures, type Report, reportJson, trainedMark } from './report/report.ts';
export { plotHeading, reportPlots } from './report/report-plots.ts';
