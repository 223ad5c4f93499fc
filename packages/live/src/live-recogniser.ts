/** The whole walk for video: a frame → its faces with ids, steady boxes, smoothed probabilities and labels. */
import { type Box, type Image, type Recogniser, type Recognition, UserError } from '@mien/runtime';
import { BoxSmoother } from './box-smoother.ts';
import { FaceFollower, type FaceFollowerOptions } from './face-follower.ts';
import { FaceSmoother, type SmoothedExpression, type SmoothingOptions } from './face-smoother.ts';

export interface LiveRecogniserOptions extends FaceFollowerOptions {
  readonly recogniser: Recogniser;
  readonly smoothing?: SmoothingOptions;
  /** Faces whose expression is recognised in a frame, at most; the others wait their turn. Default 4. */
  readonly facesPerFrame?: number;
}

export interface LiveFace {
  /** The same for the same person as long as they stay in view or come back within a second. */
  readonly id: number;
  /** In pixels of the frame; may reach over its edges. */
  readonly box: Box;
  /** The detector's score, 0…1. */
  readonly detection: number;
  /** The label shown: changes only when there is good evidence. */
  readonly expression: string;
  /** Smoothed and calibrated, one entry a label of the card, in its order; they sum to 1. */
  readonly probabilities: Readonly<Record<string, number>>;
  /** The probability of `expression` is too low to rely on. */
  readonly unsure: boolean;
  /** Seconds since the face was last seen: above 0 it is hidden for the moment, and the rest is what was known. */
  readonly unseenSeconds: number;
  /** The outputs of the frame itself, nothing smoothed; undefined where the face was not looked at in this frame. */
  readonly frame: Recognition | undefined;
}

interface Known {
  /** When it was first in view, and when it was seen last; seconds. */
  readonly cameAt: number;
  seenAt: number;
  readonly boxes: BoxSmoother;
  readonly expressions: FaceSmoother;
  recognisedAt: number;
  shown: SmoothedExpression | undefined;
}

const defaultFacesPerFrame = 4;
/** Faces that left and whose time of leaving is kept: enough for those of a correction's few seconds. */
const keptDepartures = 100;

export class LiveRecogniser {
  readonly #options: LiveRecogniserOptions;
  /** What `neutralOffset` gave, by the id of the face; applies from the next frame on. */
  readonly #offsets = new Map<number, ArrayLike<number>>();
  /** The offset of a face that is out of view: for the next one that comes and is alone. */
  #waiting: ArrayLike<number> | undefined;
  readonly #recogniser: Recogniser;
  readonly #follower: FaceFollower;
  readonly #smoothing: SmoothingOptions | undefined;
  readonly #facesPerFrame: number;
  readonly #known = new Map<number, Known>();
  /** When faces that are gone were seen last, by id. */
  readonly #leftAt = new Map<number, number>();

  constructor(options: LiveRecogniserOptions) {
    const { recogniser, smoothing, facesPerFrame = defaultFacesPerFrame, ...follower } = options;
    this.#options = options;
    this.#recogniser = recogniser;
    this.#smoothing = smoothing;
    this.#facesPerFrame = facesPerFrame;
    this.#follower = new FaceFollower(follower);
  }

  /**
   * For after a jump, when nobody is known any more: counts ids on from here. `changes` may bring another model, whose logits
   * corrections were not made for; without them they wait for the next face that is alone.
   */
  continued(changes: Partial<LiveRecogniserOptions> = {}): LiveRecogniser {
    const next = new LiveRecogniser({ ...this.#options, ...changes, lastId: this.#follower.lastId });
    if (!changes.recogniser) next.#waiting = [...this.#offsets.values()].at(-1) ?? this.#waiting;
    return next;
  }

  /**
   * Corrects the resting face of `id` by what `neutralOffset` gave. Who goes out of view and comes back is a new face, which takes the
   * correction over if it is alone in view then: most often it is the same person. That holds for one who is gone already, too; throws
   * `UserError` `face-gone` where several came since, because nobody knows which of them it is.
   */
  correct(id: number, offset: ArrayLike<number>): void {
    const since = this.#leftAt.get(id) ?? Number.NEGATIVE_INFINITY;
    const heirs = this.#known.has(id) ? [id] : [...this.#known].filter(([, { cameAt }]) => cameAt > since).map(([other]) => other);
    const [heir] = heirs;
    if (heir !== undefined && heir !== id && this.#known.size > 1)
      throw new UserError('face-gone', `face ${id} went out of view and others are there; correct again with the person alone in view`);
    this.#waiting = heir === undefined ? offset : undefined;
    if (heir !== undefined) this.#offsets.set(heir, offset);
  }

  /** Takes every correction back. */
  forgetCorrections(): void {
    this.#offsets.clear();
    this.#waiting = undefined;
  }

  /** The faces after the frame at `time` (seconds, growing), oldest first. Frames must be given one after the other. */
  async next(image: Image, time: number): Promise<LiveFace[]> {
    const tracks = await this.#follower.next(image, time);
    const ids = new Set(tracks.map(({ id }) => id));
    for (const [id, { seenAt }] of this.#known) {
      if (ids.has(id)) continue;
      this.#known.delete(id);
      this.#leave(id, seenAt);
      this.#waiting = this.#offsets.get(id) ?? this.#waiting;
      this.#offsets.delete(id);
    }
    const [alone] = tracks.length === 1 ? tracks : [];
    if (this.#waiting && alone && !this.#known.has(alone.id)) {
      this.#offsets.set(alone.id, this.#waiting);
      this.#waiting = undefined;
    }
    const faces = tracks.map((track) => {
      let known = this.#known.get(track.id);
      if (!known) {
        known = {
          cameAt: time,
          seenAt: time,
          boxes: new BoxSmoother(),
          expressions: new FaceSmoother(this.#recogniser.card, this.#smoothing),
          recognisedAt: Number.NEGATIVE_INFINITY,
          shown: undefined,
        };
        this.#known.set(track.id, known);
      }
      if (track.sighting >= 0) known.seenAt = time;
      return { track, known, box: track.unseenSeconds > 0 ? track.box : known.boxes.next(track.box, time) };
    });
    // Who has waited longest comes first.
    const turn = faces
      .filter(({ track }) => track.sighting >= 0)
      .sort((a, b) => a.known.recognisedAt - b.known.recognisedAt)
      .slice(0, this.#facesPerFrame);
    const recognised = await this.#recogniser.recognise(
      image,
      turn.map(({ box }) => box),
    );
    const frameOf = new Map<number, Recognition>();
    for (const [i, { track, known }] of turn.entries()) {
      const result = recognised[i]!;
      frameOf.set(track.id, result);
      known.recognisedAt = time;
      known.shown = known.expressions.next(result.logits, time, this.#offsets.get(track.id));
    }
    return faces.flatMap(({ track, known, box }) => (known.shown ? [this.#toFace(track, box, known.shown, frameOf.get(track.id))] : []));
  }

  #leave(id: number, seenAt: number): void {
    this.#leftAt.set(id, seenAt);
    if (this.#leftAt.size > keptDepartures) this.#leftAt.delete(this.#leftAt.keys().next().value!);
  }

  #toFace(track: { id: number; score: number; unseenSeconds: number }, box: Box, shown: SmoothedExpression, frame: Recognition | undefined): LiveFace {
    const { labels } = this.#recogniser.card;
    return {
      id: track.id,
      box,
      detection: track.score,
      expression: labels[shown.label]!,
      probabilities: Object.fromEntries(labels.map((label, k) => [label, shown.probabilities[k]!])),
      unsure: shown.unsure,
      unseenSeconds: track.unseenSeconds,
      frame,
    };
  }
}
