/** @mien/runtime/node: files, for the rest of @mien/runtime. */

// Pictures
export { type DecodeOptions, decodeImage } from './decode-image.ts';
// Face detectors
export { defaultDetector, defaultDetectorPath, lightDetector, lightDetectorPath, type NodeDetectorOptions, openDetector } from './default-detector.ts';
// Landmarks
export { defaultLandmarks, landmarksPath } from './default-landmarks.ts';
// Expression models
export { createNodeRecogniser } from './node-recogniser.ts';
