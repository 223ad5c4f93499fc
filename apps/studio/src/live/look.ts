/** What one frame showed. */
import type { MienFace, WatchedFrame } from '@mien/web';

export interface Look {
  readonly faces: readonly MienFace[];
  readonly frame: WatchedFrame;
}
