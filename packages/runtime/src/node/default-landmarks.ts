/** The landmark network that comes with the package. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createSession } from '@mien/onnx/node';
import { UserError } from '../error.ts';
import { type LandmarkFinder, loadLandmarks } from '../landmarks/landmark-finder.ts';

/** Where the build puts it; a server hands this file to browsers. */
export const landmarksPath: string = join(import.meta.dirname, '../../assets/face-landmarks.onnx');

/** Opens the landmark network; `threads` inside one operator, default all cores. Throws `UserError` `no-landmarks` when the build has not written it. */
export async function defaultLandmarks({ threads }: { readonly threads?: number } = {}): Promise<LandmarkFinder> {
  let model: Uint8Array;
  try {
    model = new Uint8Array(await readFile(landmarksPath));
  } catch (cause) {
    throw new UserError('no-landmarks', `expected the landmark network at ${landmarksPath}, there is none; run \`npm run build\``, { cause });
  }
  return loadLandmarks({ model, createSession, file: landmarksPath, ...(threads ? { session: { threads } } : {}) });
}
