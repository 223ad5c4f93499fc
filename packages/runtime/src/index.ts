/** @mien/runtime: from a picture to expressions. Runs in Node and in browsers; `@mien/runtime/node` adds files. */

export { UserError } from './error.ts';
// Labels
export { type Expression, expressions, parseExpression } from './labels.ts';
// Model card
export { cardFormatVersion, cardKey, cardSchema, type ModelCard, type Preprocessing, readCard, withCard } from './card.ts';
// Pictures
export type { Box, Image } from './image.ts';
// From a face to the network's input
export { type CropGeometry, cropSquare, type FaceSquare, ferCrop, levelSquare, wholeSquare } from './crop-geometry.ts';
export { normalise, Preprocessor, preprocess } from './preprocess.ts';
export { Resampler } from './resample.ts';
// Finding faces
export { canFollow, type DetectOptions, type Detection, type FaceDetector, type FollowingDetector } from './detector/face-detector.ts';
export { iou } from './detector/non-maximum-suppression.ts';
export { type LoadDetectorOptions, loadDetector } from './detector/load-detector.ts';
// Finding the points of a face
export { centreOf, type FacePart, faceParts, landmarkCount, mirrorFace, mirrorPoints } from './landmarks/face-points.ts';
export { eyeRoll } from './landmarks/eye-roll.ts';
export { featurePoints, landmarkFeatureCount, writeLandmarkFeatures } from './landmarks/landmark-features.ts';
export { landmarkKind } from './landmarks/landmark-spec.ts';
export { type LandmarkFinder, loadLandmarks, type LoadLandmarksOptions } from './landmarks/landmark-finder.ts';
export { landmarkUse, refuseLandmarkUse } from './landmarks/landmark-use.ts';
// Recognising expressions
export { type ExtraOutput, type LoadRecogniserOptions, loadRecogniser, type Recogniser, type Recognition } from './recogniser.ts';
export { softmax } from './softmax.ts';
// The whole walk
export { type Face, findExpressions, wholeExpression } from './find-expressions.ts';
