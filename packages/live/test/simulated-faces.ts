/** People who walk about in front of a camera, and what a detector would see of them. */
import { type Box, iou } from '@mien/runtime';

export interface Person {
  readonly side: number;
  /** Centre in pixels at a time in seconds; undefined while out of view. */
  readonly at: (time: number) => readonly [number, number] | undefined;
}

export interface Seen {
  readonly person: number;
  readonly box: Box;
  readonly score: number;
}

export const frameSeconds = 1 / 25;

export function boxOf(person: Person, time: number): Box | undefined {
  const centre = person.at(time);
  return centre && { x: centre[0] - person.side / 2, y: centre[1] - person.side / 2, width: person.side, height: person.side };
}

/** What a detector sees: of two faces that overlap much only the first, who stands in front. `tremble` moves each box by that part of its side. */
export function look(people: readonly Person[], time: number, tremble: (i: number) => number = () => 0): Seen[] {
  const seen: Seen[] = [];
  for (const [i, person] of people.entries()) {
    const box = boxOf(person, time);
    if (!box || seen.some((other) => iou(other.box, box) > 0.35)) continue;
    seen.push({ person: i, box: { ...box, x: box.x + tremble(2 * i) * person.side, y: box.y + tremble(2 * i + 1) * person.side }, score: 0.9 });
  }
  return seen;
}

/** Numbers in −1…1 that depend on the seed alone (xorshift, Marsaglia 2003). */
export function noiseFrom(seed: number): () => number {
  let state = seed | 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state / 2 ** 31;
  };
}
