/**
 * Finds the faces of each frame at the cost of a glance: known faces are looked for where they are expected, the whole
 * frame is searched only now and then, or, by the light detector, as long as no face is known.
 */
import { type Detection, type FaceDetector, type FollowingDetector, type Image, iou } from '@mien/runtime';
import { type Track, Tracker, type TrackerOptions } from './tracker.ts';

export interface FaceFollowerOptions extends TrackerOptions {
  /** Looks for known faces, and for new ones unless `search` is given. */
  readonly detector: FollowingDetector;
  /** Looks for new faces; slower and more thorough, as Mien's default detector. */
  readonly search?: FaceDetector;
  /**
   * Time between two searches of the whole frame while all known faces are in sight; a quarter of it while one of them is missing.
   * Default 1 s: a search costs as much as following a face for ten frames.
   */
  readonly searchEverySeconds?: number;
  /** Lowest detection score of a face; default: the detectors' own. */
  readonly threshold?: number;
}

/** A face that is missing is searched for this many times as often. */
const missingFactor = 4;
/** Two boxes that overlap this much are one face. */
const sameFaceIou = 0.35;

export class FaceFollower {
  readonly #detector: FollowingDetector;
  readonly #search: FaceDetector;
  readonly #searchEverySeconds: number;
  readonly #threshold: { readonly threshold?: number };
  readonly #tracker: Tracker;
  #searchedAt = Number.NEGATIVE_INFINITY;

  constructor({ detector, search = detector, searchEverySeconds = 1, threshold, ...options }: FaceFollowerOptions) {
    this.#detector = detector;
    this.#search = search;
    this.#searchEverySeconds = searchEverySeconds;
    this.#threshold = threshold === undefined ? {} : { threshold };
    this.#tracker = new Tracker(options);
  }

  /** The highest id given so far. */
  get lastId(): number {
    return this.#tracker.lastId;
  }

  /** The faces known after the frame at `time` (seconds, growing), those hidden for a moment among them. */
  async next(image: Image, time: number): Promise<Track[]> {
    const expected = this.#tracker.expected(time);
    const found: Detection[] = [];
    const add = (detections: readonly (Detection | undefined)[]): void => {
      for (const detection of detections) if (detection && !found.some(({ box }) => iou(box, detection.box) > sameFaceIou)) found.push(detection);
    };
    const followed = expected.length > 0 ? await this.#detector.follow(image, expected, this.#threshold) : [];
    add(followed);
    const wait = followed.includes(undefined) ? this.#searchEverySeconds / missingFactor : this.#searchEverySeconds;
    if (time - this.#searchedAt >= wait) {
      add(await this.#search.detect(image, this.#threshold));
      this.#searchedAt = time;
    } else if (found.length === 0) {
      add(await this.#detector.detect(image, this.#threshold));
    }
    return this.#tracker.update(found, time);
  }
}
