/** The face detectors that come with the package. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createSession } from '@mien/onnx/node';
import { canFollow, type FaceDetector, type FollowingDetector } from '../detector/face-detector.ts';
import { loadDetector } from '../detector/load-detector.ts';
import { UserError } from '../error.ts';
import { readModelFile } from './read-file.ts';

/** Where the build puts the default detector; the studio's server hands this file to browsers. */
export const defaultDetectorPath: string = join(import.meta.dirname, '../../assets/face-detector.onnx');

/** Where the build puts the light detector, for video. */
export const lightDetectorPath: string = join(import.meta.dirname, '../../assets/face-detector-light.onnx');

export interface NodeDetectorOptions {
  /** Threads inside one operator; default: all cores. */
  readonly threads?: number;
}

async function openAsset(file: string, { threads }: NodeDetectorOptions): Promise<FaceDetector> {
  let model: Uint8Array;
  try {
    model = new Uint8Array(await readFile(file));
  } catch (cause) {
    throw new UserError('no-detector', `expected the face detector at ${file}, there is none; run \`npm run build\``, { cause });
  }
  return loadDetector({ model, createSession, file, ...(threads ? { session: { threads } } : {}) });
}

/** Opens the default detector. Throws `UserError` `no-detector` when the build has not written it. */
export async function defaultDetector(options: NodeDetectorOptions = {}): Promise<FaceDetector> {
  return openAsset(defaultDetectorPath, options);
}

/** Opens the light detector, which finds faces in video many times a second. Throws as `defaultDetector`. */
export async function lightDetector(options: NodeDetectorOptions = {}): Promise<FollowingDetector> {
  const detector = await openAsset(lightDetectorPath, options);
  if (!canFollow(detector)) throw new Error(`${lightDetectorPath} holds ${detector.name}, which cannot follow a face; run \`npm run build\``);
  return detector;
}

/** Opens the detector in a file: Mien's own or a YuNet. Throws `UserError` `not-found` or `bad-detector`. */
export async function openDetector(file: string, { threads }: NodeDetectorOptions = {}): Promise<FaceDetector> {
  return loadDetector({ model: await readModelFile(file), createSession, file, ...(threads ? { session: { threads } } : {}) });
}
