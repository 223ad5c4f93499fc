/** How a detector converted by Mien says in its file's metadata what it is. */
import { readMetadata } from '@mien/onnx';

/** The metadata key of a detector converted by Mien. */
export const detectorKey = 'mien.detector';

/** The JSON a detector's file carries about itself; undefined when it carries none. Throws `SyntaxError` when it is damaged. */
export function readDetectorMetadata(model: Uint8Array): { readonly kind?: unknown } | undefined {
  const text = readMetadata(model)[detectorKey];
  return text === undefined ? undefined : (JSON.parse(text) as { kind?: unknown });
}
