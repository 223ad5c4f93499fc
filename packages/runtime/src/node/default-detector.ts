/** The face detector that comes with the package. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createSession } from '@mien/onnx/node';
import type { FaceDetector } from '../detector/face-detector.ts';
import { loadDetector } from '../detector/load-detector.ts';
import { UserError } from '../error.ts';
import { readModelFile } from './read-file.ts';

/** Where the build puts the default detector; the studio's server hands this file to browsers. */
export const defaultDetectorPath: string = join(import.meta.dirname, '../../assets/face-detector.onnx');

export interface NodeDetectorOptions {
  /** Threads inside one operator; default: all cores. */
  readonly threads?: number;
}

/** Opens the default detector. Throws `UserError` `no-detector` when the build has not written it. */
export async function defaultDetector({ threads }: NodeDetectorOptions = {}): Promise<FaceDetector> {
  let model: Uint8Array;
  try {
    model = new Uint8Array(await readFile(defaultDetectorPath));
  } catch (cause) {
    throw new UserError('no-detector', `expected the face detector at ${defaultDetectorPath}, there is none; run \`npm run build\``, { cause });
  }
  return loadDetector({ model, createSession, file: defaultDetectorPath, ...(threads ? { session: { threads } } : {}) });
}

/** Opens the detector in a file: Mien's own or a YuNet. Throws `UserError` `not-found` or `bad-detector`. */
export async function openDetector(file: string, { threads }: NodeDetectorOptions = {}): Promise<FaceDetector> {
  return loadDetector({ model: await readModelFile(file), createSession, file, ...(threads ? { session: { threads } } : {}) });
}
