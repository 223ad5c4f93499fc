/** Finds the 68 points of faces whose squares are known. */
import { type CreateSession, readMetadata, type Session, type SessionOptions, tensor } from '@mien/onnx';
import { UserError } from '../error.ts';
import type { Box, Image } from '../image.ts';
import { Resampler } from '../resample.ts';
import { landmarkCount } from './face-points.ts';
import { landmarkKey, type LandmarkSpec, landmarkSpecSchema } from './landmark-spec.ts';

export interface LandmarkFinder {
  /** Which network it is, as `face-api-68`. */
  readonly kind: string;
  /**
   * The points of the face in each square, [68,2] in pixels of its picture (pixel k covers k…k+1), in the squares'
   * order. `images`: the picture of all squares, or one for each. A square is to show a face as a card's `crop` cuts it;
   * without a face the points mean nothing, and nothing tells.
   */
  find(images: Image | readonly Image[], squares: readonly Box[]): Promise<Float32Array[]>;
  /** Frees the session. The finder cannot be used afterwards. */
  release(): Promise<void>;
}

export interface LoadLandmarksOptions {
  /** The bytes of `face-landmarks.onnx`. */
  readonly model: Uint8Array;
  readonly createSession: CreateSession;
  /** The file's name, for messages. */
  readonly file?: string;
  readonly session?: SessionOptions;
}

/** Faces in one run of the network. */
const largestBatch = 32;

class SessionLandmarks implements LandmarkFinder {
  readonly kind: string;
  readonly #session: Session;
  readonly #sizePx: number;
  readonly #resampler = new Resampler();

  constructor(session: Session, { kind, sizePx }: LandmarkSpec) {
    this.kind = kind;
    this.#session = session;
    this.#sizePx = sizePx;
  }

  async find(images: Image | readonly Image[], squares: readonly Box[]): Promise<Float32Array[]> {
    const imageOf = (i: number): Image => ('width' in images ? images : images[i]!);
    const found: Float32Array[] = [];
    for (let from = 0; from < squares.length; from += largestBatch) {
      const batch = squares.slice(from, from + largestBatch);
      found.push(
        ...(await this.#findBatch(
          batch.map((_, i) => imageOf(from + i)),
          batch,
        )),
      );
    }
    return found;
  }

  async #findBatch(images: readonly Image[], squares: readonly Box[]): Promise<Float32Array[]> {
    const size = this.#sizePx;
    const input = new Float32Array(squares.length * 3 * size * size);
    for (const [i, square] of squares.entries()) {
      this.#resampler.resample(images[i]!, square, 3, size, size, input.subarray(i * 3 * size * size, (i + 1) * 3 * size * size));
    }
    const { points } = await this.#session.run({ image: tensor.float32(input, [squares.length, 3, size, size]) });
    const values = points!.data as Float32Array; // [N,68,2]
    return squares.map(({ x, y, width, height }, i) => {
      const face = new Float32Array(2 * landmarkCount);
      for (let p = 0; p < landmarkCount; p++) {
        face[2 * p] = x + values[(i * landmarkCount + p) * 2]! * width;
        face[2 * p + 1] = y + values[(i * landmarkCount + p) * 2 + 1]! * height;
      }
      return face;
    });
  }

  async release(): Promise<void> {
    await this.#session.release();
  }
}

/** Opens the landmark network that `build-detector` wrote. Throws `UserError` `bad-landmarks` for any other file. */
export async function loadLandmarks({ model, createSession, file = 'the file', session }: LoadLandmarksOptions): Promise<LandmarkFinder> {
  let spec: LandmarkSpec;
  try {
    spec = landmarkSpecSchema.parse(JSON.parse(readMetadata(model)[landmarkKey]!));
  } catch (cause) {
    throw new UserError('bad-landmarks', `${file}: expected Mien's landmark network (metadata ${landmarkKey}); take face-landmarks.onnx of @mien/runtime`, {
      cause,
    });
  }
  return new SessionLandmarks(await createSession(model, session), spec);
}
