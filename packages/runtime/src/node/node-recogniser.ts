/** Opens an expression model from a file. */
import { createSession } from '@mien/onnx/node';
import { loadRecogniser, type Recogniser } from '../recogniser.ts';
import { defaultLandmarks } from './default-landmarks.ts';
import { readModelFile } from './read-file.ts';

/** Opens the model in a file on ONNX Runtime for Node. Throws `UserError` `not-found`, and those of `loadRecogniser`. */
export async function createNodeRecogniser(file: string, { threads }: { readonly threads?: number } = {}): Promise<Recogniser> {
  return loadRecogniser({
    model: await readModelFile(file),
    createSession,
    file,
    landmarks: () => defaultLandmarks({ ...(threads ? { threads } : {}) }),
    ...(threads ? { threads } : {}),
  });
}
