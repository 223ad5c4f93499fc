/** What a chunk's pictures turned out to be. */
import type { Box } from '@mien/runtime';
import type { Item } from './items/item.ts';

export interface FaceResult {
  /** In pixels of the picture. */
  readonly box: Box;
  /** The detector's score, 0…1; 1 where the picture is a face crop. */
  readonly score: number;
  readonly label: string;
  /** In the order of the card's labels. */
  readonly probabilities: readonly number[];
}

/** A picture with its faces from left to right, or why it was set aside. */
export type PictureResult =
  | { readonly width: number; readonly height: number; readonly faces: readonly FaceResult[] }
  | { readonly error: { readonly code: string; readonly message: string } };

export interface RecogniseContext {
  readonly signal: AbortSignal;
  /** One item at a time from beginning to end, so that a crash can be laid to the item begun last. */
  readonly careful?: boolean;
  /** Called when work on an item begins, with its place in `items`. */
  readonly onBegin?: (index: number) => void;
  /** Called with the number of items done. */
  readonly onProgress?: (done: number) => void;
}

/** Does the work of a chunk. Errors of single pictures are results; what it throws fails the attempt. */
export interface ItemRecogniser {
  recognise(items: readonly Item[], context: RecogniseContext): Promise<PictureResult[]>;
  release(): Promise<void>;
}
