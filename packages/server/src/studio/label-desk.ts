/** What the labelling page works on. The server knows no stores; who starts it gives one as a desk. */
import type { LabelDecision, LabelOverview, LabelRow } from './api.ts';

export interface LabelDesk {
  overview(): LabelOverview;
  /** The next rows to decide: where the model disagrees with the label first. Rows that are decided are not among them. */
  next(count: number): readonly LabelRow[];
  /** Pixels [C,H,W], 0…255, of the row `id`; undefined when there is none. */
  image(id: number): Promise<Uint8Array | undefined>;
  /** On disk when it resolves. Throws `UserError` `bad-decision`. */
  decide(decision: LabelDecision): Promise<void>;
  /** Takes the last decision back, of an earlier session too. Resolves to its row, or undefined when there is none. */
  undo(): Promise<LabelRow | undefined>;
}
