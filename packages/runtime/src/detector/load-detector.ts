/** Opens whichever known face detector a file holds. */
import { type CreateSession, decodeModel, type SessionOptions } from '@mien/onnx';
import { UserError } from '../error.ts';
import { openBlazeface } from './blazeface.ts';
import { blazefaceKind } from './blazeface-spec.ts';
import { readDetectorMetadata } from './detector-metadata.ts';
import type { FaceDetector } from './face-detector.ts';
import { openSsdMobilenet } from './ssd-mobilenet.ts';
import { isYunet, openYunet } from './yunet.ts';

export interface LoadDetectorOptions {
  readonly model: Uint8Array;
  readonly createSession: CreateSession;
  /** The file's name, for messages. */
  readonly file?: string;
  readonly session?: SessionOptions;
}

/** Opens a detector: one of Mien's own or a YuNet. Throws `UserError` `bad-detector` on any other file. */
export async function loadDetector({ model: bytes, createSession, file = 'the file', session }: LoadDetectorOptions): Promise<FaceDetector> {
  // Node's Buffer is a Uint8Array whose slice() does not copy, which decoding relies on.
  const model = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let outputs: string[];
  try {
    const metadata = readDetectorMetadata(model);
    if (metadata?.kind === blazefaceKind) return await openBlazeface(model, metadata, createSession, session);
    if (metadata) return await openSsdMobilenet(model, metadata, createSession, session);
    outputs = decodeModel(model).outputs.map((port) => port.name);
  } catch (cause) {
    throw new UserError('bad-detector', `${file}: expected a face detector in ONNX form, but it cannot be read as one (${(cause as Error).message})`, {
      cause,
    });
  }
  if (isYunet(outputs)) return openYunet(model, createSession, session);
  throw new UserError(
    'bad-detector',
    `${file}: expected a YuNet face detector (outputs cls_8 … kps_32), found outputs ${outputs.join(', ') || 'none'}; leave --detector out to use Mien's own`,
  );
}
