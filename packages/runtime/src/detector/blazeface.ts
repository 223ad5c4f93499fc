/** The light face detector, for pictures that come many times a second: BlazeFace on a small copy of the picture. */
import { type CreateSession, type Session, type SessionOptions, tensor } from '@mien/onnx';
import type { Box, Image } from '../image.ts';
import { Resampler } from '../resample.ts';
import { type BlazefaceFace, type BlazefaceSpec, blazefaceSpecSchema, blendOverlapping, decodeBlazeface } from './blazeface-spec.ts';
import type { Detection, FollowingDetector } from './face-detector.ts';
import { planesOf } from './input-planes.ts';

const stridePx = 32;
/** The size the network was trained at. */
const longSidePx = 256;
/** Side of the input when a face is followed; 96 costs twice as much and finds as many (419 of 423 as against 421, `build/measure-boxes.ts`). */
const followPx = 64;
/** Side of the square looked at ÷ the box's larger side. */
const followScale = 1.75;
/** Faces followed in one run of the network. */
const largestBatch = 8;
const defaultThreshold = 0.5;
const minIou = 0.3;

/**
 * BlazeFace's box as the default detector would draw it: shift of the centre and change of the sides, in BlazeFace's
 * own sides. Medians [quartiles] of `build/measure-boxes.ts` over nine photographs at three sizes, mirrored too:
 * whole pictures (n = 192) x −0.011 [−0.042, 0.035], y −0.146 [−0.170, −0.103], width 0.905 [0.839, 0.950], height
 * 1.301 [1.222, 1.367]; followed faces lie within 0.03 of these. x is 0, as nothing tells left from right.
 */
export const toDefaultBox = { shiftX: 0, shiftY: -0.14, width: 0.905, height: 1.297 };

function asDefaultFace({ box, score, landmarks }: BlazefaceFace): Detection {
  const width = box.width * toDefaultBox.width;
  const height = box.height * toDefaultBox.height;
  const x = box.x + box.width * (0.5 + toDefaultBox.shiftX) - width / 2;
  const y = box.y + box.height * (0.5 + toDefaultBox.shiftY) - height / 2;
  return { box: { x, y, width, height }, score, landmarks };
}

/** The face in pixels of the picture: its input's pixel 0,0 lies at `left`,`top`. */
function toPicture({ box, score, landmarks }: BlazefaceFace, left: number, top: number, scaleX: number, scaleY: number): BlazefaceFace {
  return {
    score,
    box: { x: left + box.x * scaleX, y: top + box.y * scaleY, width: box.width * scaleX, height: box.height * scaleY },
    landmarks: landmarks.map(([x, y]) => [left + x * scaleX, top + y * scaleY] as const),
  };
}

/** 0…255 → −1…1, in place. */
function normalise(values: Float32Array): Float32Array {
  for (let i = 0; i < values.length; i++) values[i] = values[i]! / 127.5 - 1;
  return values;
}

class Blazeface implements FollowingDetector {
  readonly name = 'blazeface';
  readonly defaultThreshold = defaultThreshold;
  readonly #session: Session;
  readonly #spec: BlazefaceSpec;
  readonly #resampler = new Resampler();
  readonly #crop = new Float32Array(3 * followPx * followPx);

  constructor(session: Session, spec: BlazefaceSpec) {
    this.#session = session;
    this.#spec = spec;
  }

  /** input [N,3,height,width] → the faces of each input, joined. */
  async #run(input: Float32Array, n: number, height: number, width: number, threshold: number): Promise<BlazefaceFace[][]> {
    const { scores, anchors } = await this.#session.run({ input: tensor.float32(input, [n, 3, height, width]) });
    return Array.from({ length: n }, (_, i) =>
      blendOverlapping(decodeBlazeface(scores!.data as Float32Array, anchors!.data as Float32Array, i, height, width, threshold, this.#spec), minIou),
    );
  }

  async detect(image: Image, { threshold = defaultThreshold } = {}): Promise<Detection[]> {
    const { data, height, width, scaleX, scaleY } = planesOf(image, longSidePx, stridePx);
    const [faces] = await this.#run(normalise(data), 1, height, width, threshold);
    return faces!.map((face) => asDefaultFace(toPicture(face, 0, 0, scaleX, scaleY)));
  }

  async follow(image: Image, boxes: readonly Box[], { threshold = defaultThreshold } = {}): Promise<(Detection | undefined)[]> {
    const found: (Detection | undefined)[] = [];
    for (let from = 0; from < boxes.length; from += largestBatch)
      found.push(...(await this.#followBatch(image, boxes.slice(from, from + largestBatch), threshold)));
    return found;
  }

  async #followBatch(image: Image, boxes: readonly Box[], threshold: number): Promise<(Detection | undefined)[]> {
    const squares = boxes.map(({ x, y, width, height }) => {
      const side = Math.max(1, followScale * Math.max(width, height));
      return { x: x + width / 2 - side / 2, y: y + height / 2 - side / 2, width: side, height: side };
    });
    const input = new Float32Array(boxes.length * this.#crop.length);
    for (const [i, square] of squares.entries()) {
      input.set(this.#resampler.resample(image, square, 3, followPx, followPx, this.#crop), i * this.#crop.length);
    }
    const found = await this.#run(normalise(input), boxes.length, followPx, followPx, threshold);
    return found.map((faces, i) => {
      const { x, y, width } = squares[i]!;
      const scale = width / followPx;
      const middle = followPx / 2;
      // The nearest, not the best: a neighbour's face may look better than the one that is followed.
      const distance = ({ box }: BlazefaceFace): number => Math.hypot(box.x + box.width / 2 - middle, box.y + box.height / 2 - middle);
      const nearest = faces.toSorted((a, b) => distance(a) - distance(b))[0];
      return nearest && asDefaultFace(toPicture(nearest, x, y, scale, scale));
    });
  }

  async release(): Promise<void> {
    await this.#session.release();
  }
}

/** Opens the light detector that `build-detector` wrote; `metadata` is what its file says. Throws `ZodError` when that is damaged. */
export async function openBlazeface(model: Uint8Array, metadata: unknown, createSession: CreateSession, options?: SessionOptions): Promise<FollowingDetector> {
  const spec = blazefaceSpecSchema.parse(metadata);
  return new Blazeface(await createSession(model, options), spec);
}
