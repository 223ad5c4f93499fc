/** A face's box without the detector's trembling, which would also tremble in the crop that the network sees. */
import type { Box } from '@mien/runtime';
import { OneEuro } from './one-euro.ts';

/** In sides of the box: at rest a tremble of a hundredth dies away, a nod is followed within a frame or two. */
const filter = { minCutoffHz: 2, beta: 4, speedCutoffHz: 2 };

export class BoxSmoother {
  readonly #filter = new OneEuro(filter);
  #side: number | undefined;

  /** The steady box after seeing `box` at `time` (seconds, growing). */
  next(box: Box, time: number): Box {
    // One unit for the life of the face, so that the filter sees one scale: the side of its first box.
    this.#side ??= Math.sqrt(box.width * box.height);
    const side = this.#side;
    const [x, y, width, height] = this.#filter.next(
      [(box.x + box.width / 2) / side, (box.y + box.height / 2) / side, box.width / side, box.height / side],
      time,
    ) as unknown as [number, number, number, number];
    return { x: (x - width / 2) * side, y: (y - height / 2) * side, width: width * side, height: height * side };
  }
}
