/** The default face detector: SSD on MobileNet v1, looked through at two sizes of the picture. */
import { type CreateSession, type SessionOptions, tensor } from '@mien/onnx';
import type { Image } from '../image.ts';
import type { Detection, FaceDetector } from './face-detector.ts';
import { halved, type InputPlanes, planesOf } from './input-planes.ts';
import { suppressNonMaxima } from './non-maximum-suppression.ts';
import { decodeSsd, type SsdSpec, ssdSpecSchema } from './ssd-spec.ts';

const stridePx = 32;
/** The size the network was trained at: everything from a fifteenth of the picture upwards is found here. */
const baseLongSidePx = 512;
/** The finer pass, for small faces. Pictures up to `fineFromPx` hold nothing that the base pass does not see. */
const fineLongSidePx = 1024;
const fineFromPx = 640;
/**
 * Only smaller faces (√(w·h) in input pixels) are taken from the finer pass. Without the context of a whole picture
 * the network takes torsos for faces; these are larger. Such faces have ≥ 48 pixels in the base pass, where they are safe.
 */
const fineLargestPx = 96;
/** Beside a finer pass, the base pass leaves faces below this to it: it places them poorly, and they would count twice. */
const baseSmallestPx = 32;
const maxIou = 0.4;
const maxContained = 0.7;
/**
 * Chosen on nine photographs at four sizes, 132 faces: 0.3 finds 132, 0.4 131, 0.45 129, 0.5 128, 0.6 126, 0.7 120,
 * none of them with a false box; collages of 35 faces 25 to 40 px high give the first false box at 0.44.
 */
const defaultThreshold = 0.45;

class SsdMobilenet implements FaceDetector {
  readonly name = 'ssd-mobilenet-v1';
  readonly defaultThreshold = defaultThreshold;
  readonly #session: Awaited<ReturnType<CreateSession>>;
  readonly #spec: SsdSpec;

  constructor(session: Awaited<ReturnType<CreateSession>>, spec: SsdSpec) {
    this.#session = session;
    this.#spec = spec;
  }

  async #run(planes: InputPlanes, threshold: number, smallestPx: number, largestPx: number): Promise<Detection[]> {
    const { data, height, width, scaleX, scaleY } = planes;
    const input = new Float32Array(data.length);
    for (let i = 0; i < input.length; i++) input[i] = data[i]! / 127.5 - 1;
    const { boxes, scores } = await this.#session.run({ image: tensor.float32(input, [1, 3, height, width]) });
    return decodeSsd(boxes!.data as Float32Array, scores!.data as Float32Array, height, width, threshold, this.#spec)
      .filter(({ box }) => {
        const areaPx = box.width * box.height;
        return areaPx >= smallestPx * smallestPx && areaPx <= largestPx * largestPx;
      })
      .map(({ box, score }) => ({ score, box: { x: box.x * scaleX, y: box.y * scaleY, width: box.width * scaleX, height: box.height * scaleY } }));
  }

  async detect(image: Image, { threshold = defaultThreshold } = {}): Promise<Detection[]> {
    let found: Detection[];
    if (Math.max(image.width, image.height) > fineFromPx) {
      const fine = planesOf(image, fineLongSidePx, stridePx);
      found = await this.#run(fine, threshold, 0, fineLargestPx);
      found.push(...(await this.#run(halved(fine, stridePx), threshold, baseSmallestPx, Number.POSITIVE_INFINITY)));
    } else {
      found = await this.#run(planesOf(image, baseLongSidePx, stridePx), threshold, 0, Number.POSITIVE_INFINITY);
    }
    return suppressNonMaxima(found, maxIou, maxContained);
  }

  async release(): Promise<void> {
    await this.#session.release();
  }
}

/** Opens the default detector that `build-detector` wrote; `metadata` is what its file says. Throws `ZodError` when that is damaged. */
export async function openSsdMobilenet(model: Uint8Array, metadata: unknown, createSession: CreateSession, options?: SessionOptions): Promise<FaceDetector> {
  const spec = ssdSpecSchema.parse(metadata);
  return new SsdMobilenet(await createSession(model, options), spec);
}
