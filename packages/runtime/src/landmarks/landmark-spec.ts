/** What the landmark network's file says about itself. */
import * as z from 'zod/mini';

/** The metadata key of a landmark network converted by Mien. */
export const landmarkKey = 'mien.landmarks';
/** Which network found a point, and the rule of what it is shown: points found by another cannot stand for these. */
export const landmarkKind = 'face-api-68';

export const landmarkSpecSchema = z.object({
  kind: z.literal(landmarkKind),
  /** Side of the square the network sees. */
  sizePx: z.int().check(z.positive()),
});
export type LandmarkSpec = z.infer<typeof landmarkSpecSchema>;
