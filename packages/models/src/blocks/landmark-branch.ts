/**
 * Facial landmarks beside the pixels: the shape of the face (see `writeLandmarkFeatures` of @mien/runtime) through two dense
 * layers, joined to what the base saw. System E names it as its next step.
 */
import { concat, denseLayer, dropoutLayer, type Net, relu, type Value } from '@mien/engine';
import { landmarkFeatureCount } from '@mien/runtime';
import type { OptionSpecs } from '../options.ts';

export const landmarkOptions = {
  landmarks: { kind: 'flag', default: false, help: 'the points of the face are a second input; the data needs them (mien data landmarks)' },
  // Against learning faces by heart: 102 numbers tell most of 28,709 apart.
  landmarkDropout: { kind: 'number', default: 0.2, min: 0, max: 0.9, help: 'dropout between the two layers that read those points' },
} as const satisfies OptionSpecs;

/** Weights of the branch, which never come pretrained. */
export const landmarkScope = 'landmarks';
/** Name of the second input. */
export const landmarkInput = 'landmarks';

const hidden = 64;

/** pooled [N,D] → [N, D + 64]: unchanged, and the branch behind it. */
export function withLandmarks(net: Net, pooled: Value, dropout: number): Value {
  const branch = net.scope(landmarkScope);
  const points = net.input(landmarkInput, [landmarkFeatureCount]);
  const first = dropoutLayer(branch, 'drop', relu(denseLayer(branch, 'fc1', points, hidden)), dropout);
  return concat([pooled, relu(denseLayer(branch, 'fc2', first, hidden))], 1);
}
