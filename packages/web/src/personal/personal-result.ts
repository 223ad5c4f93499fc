/** What training a personal head gives. */
import type { ModelCard } from '@mien/runtime';

export interface PersonalResult {
  /** A complete model file: the network as it was, the new last layer, an updated card. */
  readonly model: Uint8Array;
  readonly card: ModelCard;
  /** Recorded frames trained on, and the later part of each recording, held out. */
  readonly trainedOn: number;
  readonly heldOut: number;
  /** Share of held-out frames named rightly by the model as it was; NaN when it does not know the recorded classes. */
  readonly before: number;
  /** The same by the new one. */
  readonly after: number;
  /** Held-out frames by recorded class and the class named after: rows and columns in the order of `card.labels`. */
  readonly confusion: readonly (readonly number[])[];
}
