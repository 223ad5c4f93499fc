/**
 * Gives faces an identity over time. Each track moves on at its last speed; the faces of a frame are matched with where the tracks are expected,
 * all at once, so that two people who cross keep their ids. A face that is hidden for a moment is waited for.
 */
import { type Box, iou } from '@mien/runtime';
import { assign } from './assignment.ts';

export interface TrackerOptions {
  /** How long a face may be hidden and still be the same one. Default 1 s. */
  readonly keepLostSeconds?: number;
  /** A new face is reported when it has been seen this often: a box that flashes up once is no face. Default 2. */
  readonly confirmSightings?: number;
  /** Ids begin after this one, where faces were counted before. Default 0. */
  readonly lastId?: number;
}

export interface Sighting {
  readonly box: Box;
  /** The detector's score, 0…1. */
  readonly score: number;
}

export interface Track {
  /** 1, 2, 3 … in the order in which faces appeared; never used again. */
  readonly id: number;
  /** The face's box where it was seen last, or where it is expected now when it is hidden. */
  readonly box: Box;
  readonly score: number;
  /** Seconds since the face was last seen; 0 when it is seen in this frame. */
  readonly unseenSeconds: number;
  /** Seconds since the track began. */
  readonly ageSeconds: number;
  /** Which of the frame's sightings this is, or −1. */
  readonly sighting: number;
}

interface State {
  /** 0 until the track is confirmed. */
  id: number;
  readonly bornAt: number;
  box: Box;
  /** Sides a second: a speed in pixels would mean something else near the camera. */
  velocity: { x: number; y: number };
  score: number;
  seenAt: number;
  sightings: number;
}

/** Farthest a face may be from where it is expected, in its own sides, plus what it may drift while unseen. */
const gateSides = 0.8;
const driftSidesPerSecond = 1.5;
/** A match may change the size of a face by this factor at most. */
const largestGrowth = 1.8;
/** Time over which the speed is averaged. */
const velocitySeconds = 0.25;
/** A hidden face slows down: people who vanish behind something rarely go on for ever. */
const coastSeconds = 1.2;
const defaultKeepLostSeconds = 1;
const defaultConfirmSightings = 2;
const unmatched = 1e6;
/** Added to the cost of a match with a face that was hidden a frame ago, and with one that is not confirmed. */
const hiddenCost = 0.4;
const newCost = 0.5;

const side = (box: Box): number => Math.sqrt(box.width * box.height);
const centreX = (box: Box): number => box.x + box.width / 2;
const centreY = (box: Box): number => box.y + box.height / 2;

export class Tracker {
  readonly #keepLostSeconds: number;
  readonly #confirmSightings: number;
  #tracks: State[] = [];
  #lastId: number;
  #lastTime = Number.NEGATIVE_INFINITY;

  constructor({ keepLostSeconds = defaultKeepLostSeconds, confirmSightings = defaultConfirmSightings, lastId = 0 }: TrackerOptions = {}) {
    this.#lastId = lastId;
    this.#keepLostSeconds = keepLostSeconds;
    this.#confirmSightings = confirmSightings;
  }

  /** The highest id given so far. */
  get lastId(): number {
    return this.#lastId;
  }

  /**
   * Takes the faces found in a frame at `time` (seconds, growing) and returns all confirmed tracks, oldest first.
   * Throws `RangeError` when time runs backwards: start a new tracker after seeking in a video.
   */
  update(sightings: readonly Sighting[], time: number): Track[] {
    if (!(time >= this.#lastTime)) throw new RangeError(`tracker: time ${time} s comes before ${this.#lastTime} s; make a new tracker after a jump`);
    const lastTime = this.#lastTime;
    this.#tracks = this.#tracks.filter((track) => this.#isWaitedFor(track, time));
    this.#lastTime = time;
    const sightingOf = this.#match(sightings, time, lastTime);
    const taken = new Set<number>();
    const now = new Map<State, number>();
    for (const [t, track] of this.#tracks.entries()) {
      const s = sightingOf[t]!;
      now.set(track, s);
      if (s < 0) continue;
      taken.add(s);
      this.#see(track, sightings[s]!, time);
    }
    for (const [s, { box, score }] of sightings.entries()) {
      if (taken.has(s)) continue;
      const track: State = { id: 0, bornAt: time, box, velocity: { x: 0, y: 0 }, score, seenAt: time, sightings: 1 };
      this.#tracks.push(track);
      now.set(track, s);
    }
    for (const track of this.#tracks) if (track.id === 0 && track.sightings >= this.#confirmSightings) track.id = ++this.#lastId;
    return this.#tracks
      .filter((track) => track.id > 0)
      .map((track) => ({
        id: track.id,
        box: track.seenAt === time ? track.box : this.#expected(track, time),
        score: track.score,
        unseenSeconds: time - track.seenAt,
        ageSeconds: time - track.bornAt,
        sighting: now.get(track) ?? -1,
      }));
  }

  /** Where each known face, confirmed or not, is expected at `time`: where a detector should look first. */
  expected(time: number): Box[] {
    return this.#tracks.filter((track) => this.#isWaitedFor(track, time)).map((track) => this.#expected(track, time));
  }

  /** Whoever was seen in the last frame is, however long ago that was: a machine may be slower than a frame a second. */
  #isWaitedFor({ seenAt }: State, time: number): boolean {
    return time - seenAt <= this.#keepLostSeconds || seenAt === this.#lastTime;
  }

  #expected({ box, velocity, seenAt }: State, time: number): Box {
    // ∫ e^(−t/τ) dt from 0 to the time unseen: goes on at full speed at first, comes to rest in the end.
    const travelled = coastSeconds * (1 - Math.exp(-(time - seenAt) / coastSeconds)) * side(box);
    return { ...box, x: box.x + velocity.x * travelled, y: box.y + velocity.y * travelled };
  }

  /** For each track its sighting or −1. Cost: distance from where the face is expected, in sides, and 1 − IoU. */
  #match(sightings: readonly Sighting[], time: number, lastTime: number): number[] {
    const costs = this.#tracks.map((track) => {
      const expected = this.#expected(track, time);
      const gate = gateSides + driftSidesPerSecond * (time - track.seenAt);
      return sightings.map(({ box }) => {
        const distance = Math.hypot(centreX(box) - centreX(expected), centreY(box) - centreY(expected)) / side(expected);
        const growth = Math.abs(Math.log(side(box) / side(expected)));
        if (!(distance <= gate) || !(growth <= Math.log(largestGrowth))) return unmatched;
        // Where one face must do for two, it is that of the person in front, who was seen a moment ago, not of the one
        // hidden behind; and a face that was never confirmed gives way to one that was.
        const doubt = (track.seenAt < lastTime ? hiddenCost : 0) + (track.id > 0 ? 0 : newCost);
        return distance + growth + 0.5 * (1 - iou(box, expected)) + doubt;
      });
    });
    return assign(costs).map((s, t) => (s >= 0 && costs[t]![s]! < unmatched ? s : -1));
  }

  #see(track: State, { box, score }: Sighting, time: number): void {
    const elapsed = time - track.seenAt;
    if (elapsed > 0) {
      const share = 1 - Math.exp(-elapsed / velocitySeconds);
      const scale = elapsed * side(box);
      track.velocity = {
        x: track.velocity.x + share * ((centreX(box) - centreX(track.box)) / scale - track.velocity.x),
        y: track.velocity.y + share * ((centreY(box) - centreY(track.box)) / scale - track.velocity.y),
      };
    }
    track.box = box;
    track.score = score;
    track.seenAt = time;
    track.sightings++;
  }
}
