/** What every face detector offers. */
import type { Box, Image } from '../image.ts';

export interface Detection {
  /**
   * The face in pixels of the picture; may reach over its edges. Same meaning for every detector: each
   * implementation maps its own boxes onto those of the default detector, to which the card's crop refers.
   */
  readonly box: Box;
  /** The detector's confidence, 0…1. Detectors differ in scale: compare only scores of one detector. */
  readonly score: number;
  /** Eye, eye, nose, mouth corner, mouth corner as [x, y]; the picture's left comes first. Only some detectors give them. */
  readonly landmarks?: readonly (readonly [number, number])[];
}

export interface DetectOptions {
  /** Lowest score of a face that is reported, 0…1; default: the detector's own. */
  readonly threshold?: number;
}

export interface FaceDetector {
  readonly name: string;
  /** The threshold used when none is given. */
  readonly defaultThreshold: number;
  /** All faces of the picture, highest score first; empty when there is none. */
  detect(image: Image, options?: DetectOptions): Promise<Detection[]>;
  /** Frees the session. The detector cannot be used afterwards. */
  release(): Promise<void>;
}

/** A detector that can also look for a face where it was a moment ago, at a fraction of the cost of a whole picture. */
export interface FollowingDetector extends FaceDetector {
  /** For each box, the face now nearest to it, or undefined where there is none left; in the boxes' order. */
  follow(image: Image, boxes: readonly Box[], options?: DetectOptions): Promise<(Detection | undefined)[]>;
}

export function canFollow(detector: FaceDetector): detector is FollowingDetector {
  return 'follow' in detector;
}
