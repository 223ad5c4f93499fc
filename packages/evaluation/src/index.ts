/** @mien/evaluation: honest figures. */

// Figures
export { type RiskCoverage, riskCoverage, type RiskPoint, thresholdForRisk } from './abstention.ts';
export { calibration, type Calibration, fitTemperature, probabilities, type ReliabilityBin } from './calibration.ts';
export { argmax, type ClassFigures, computeMetrics, type Metrics, negativeLogLikelihood, topAccuracy, wilsonInterval } from './metrics.ts';
// Comparisons
export { bootstrapInterval, comparePaired, macroF1Interval, type PairedComparison } from './compare.ts';
export { intervalOverSeeds, meanAndSd } from './compare-seeds.ts';
// A model and its card
export { type CardHead, headsOfCard, labelHead, votesHead, withMainHead } from './card-heads.ts';
export { cardFigures, type CardFigure, caveatOf, isOf, withNote } from './card-figures.ts';
export { type CardTemperature, fitCardTemperature, type FitTemperatureOptions, mainTarget } from './card-temperature.ts';
// A model on a split
export { type EvaluateOptions, type Evaluation, evaluateSplit } from './evaluate.ts';
export { type PredictOptions, predictSplit } from './predict-split.ts';
export { majorityTruth, type VotedTruth } from './votes.ts';
// Output
export { formatMetrics } from './format-table.ts';
