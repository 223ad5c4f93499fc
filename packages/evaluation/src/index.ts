/** @mien/evaluation: honest figures. */

export { type Evaluation, evaluateSplit } from './evaluate.ts';
export { formatMetrics } from './format-table.ts';
export { argmax, type ClassFigures, computeMetrics, type Metrics, negativeLogLikelihood, wilsonInterval } from './metrics.ts';
export { type PredictOptions, predictSplit } from './predict-split.ts';
