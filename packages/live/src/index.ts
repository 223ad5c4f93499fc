/** @mien/live: faces over time. Runs in Node and in browsers; pictures come in, faces with ids and steady labels go out. */

// The whole walk
export { type LiveFace, LiveRecogniser, type LiveRecogniserOptions } from './live-recogniser.ts';
// Whose face is whose
export { FaceFollower, type FaceFollowerOptions } from './face-follower.ts';
export { type Sighting, type Track, Tracker, type TrackerOptions } from './tracker.ts';
export { assign } from './assignment.ts';
// What does not tremble
export { BoxSmoother } from './box-smoother.ts';
export { defaultAbstainThreshold, defaultFilter, FaceSmoother, type SmoothedExpression, type SmoothingOptions } from './face-smoother.ts';
export { OneEuro, type OneEuroOptions } from './one-euro.ts';
export { SteadyLabel, type SteadyLabelOptions } from './steady-label.ts';
// One person's resting face
export { calibratedLogits } from './calibrated-logits.ts';
export { neutralOffset, type NeutralCorrectionOptions } from './neutral-correction.ts';
// Measuring it
export { alignmentLag, countSwitches, type LabelledFrame, switchesPerMinute } from './flicker.ts';
