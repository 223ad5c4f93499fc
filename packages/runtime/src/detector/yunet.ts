/**
 * YuNet face detector (Wu, Peng & Yu 2023), for people who bring its ONNX file: heads `cls`, `obj`, `bbox`, `kps` at
 * strides 8, 16 and 32. Input BGR in 0…255 [1,3,H,W], fixed or dynamic size.
 */
import { type CreateSession, decodeModel, type SessionOptions, type TensorValue, tensor } from '@mien/onnx';
import type { Box, Image } from '../image.ts';
import type { Detection, FaceDetector } from './face-detector.ts';
import { type InputPlanes, planesOf } from './input-planes.ts';
import { suppressNonMaxima } from './non-maximum-suppression.ts';

const strides = [8, 16, 32] as const;
const longSidePx = 1024;
const maxIou = 0.4;
const defaultThreshold = 0.7;

const heads = strides.flatMap((stride) => ['cls', 'obj', 'bbox', 'kps'].map((head) => `${head}_${stride}`));

/**
 * YuNet's box as the default detector would draw it: shift of the centre and change of the sides, in YuNet's own sides.
 * Mean of the medians over the faces found by both (yunet_n_dynamic) in nine photographs at three sizes, n = 97:
 * x −0.016, y −0.033, width 0.946, height 1.007, and in the same photographs mirrored, n = 98:
 * x −0.001, y −0.032, width 0.964, height 1.039. Quartiles lie ±0.02 (shift) and ±0.04 (sides) around them.
 */
export const toDefaultBox = { shiftX: -0.008, shiftY: -0.033, width: 0.955, height: 1.023 };

function asDefaultBox(box: Box): Box {
  const width = box.width * toDefaultBox.width;
  const height = box.height * toDefaultBox.height;
  return {
    x: box.x + box.width * (0.5 + toDefaultBox.shiftX) - width / 2,
    y: box.y + box.height * (0.5 + toDefaultBox.shiftY) - height / 2,
    width,
    height,
  };
}

/**
 * Faces with √(cls·obj) ≥ `threshold`, in pixels of the picture. The centre is (cell + offset)·stride, the sides
 * exp(·)·stride, landmarks (cell + offset)·stride.
 */
export function decodeYunet(outputs: Readonly<Record<string, TensorValue>>, planes: InputPlanes, threshold: number): Detection[] {
  const found: Detection[] = [];
  const { scaleX, scaleY } = planes;
  for (const stride of strides) {
    const [cls, obj, bbox, kps] = ['cls', 'obj', 'bbox', 'kps'].map((head) => outputs[`${head}_${stride}`]!.data as Float32Array) as [
      Float32Array,
      Float32Array,
      Float32Array,
      Float32Array,
    ];
    const columns = planes.width / stride;
    for (let i = 0; i < cls.length; i++) {
      const score = Math.sqrt(clamp01(cls[i]!) * clamp01(obj[i]!));
      if (!(score >= threshold)) continue;
      const column = i % columns;
      const row = Math.floor(i / columns);
      const width = Math.exp(bbox[i * 4 + 2]!) * stride * scaleX;
      const height = Math.exp(bbox[i * 4 + 3]!) * stride * scaleY;
      const x = (column + bbox[i * 4]!) * stride * scaleX - width / 2;
      const y = (row + bbox[i * 4 + 1]!) * stride * scaleY - height / 2;
      const landmarks = [0, 1, 2, 3, 4].map(
        (p) => [(column + kps[i * 10 + 2 * p]!) * stride * scaleX, (row + kps[i * 10 + 2 * p + 1]!) * stride * scaleY] as const,
      );
      found.push({ box: { x, y, width, height }, score, landmarks });
    }
  }
  return found;
}

function clamp01(v: number): number {
  return Math.min(Math.max(v, 0), 1);
}

class Yunet implements FaceDetector {
  readonly name = 'yunet';
  readonly defaultThreshold = defaultThreshold;
  readonly #session: Awaited<ReturnType<CreateSession>>;
  readonly #fixed: readonly [number, number] | undefined;

  constructor(session: Awaited<ReturnType<CreateSession>>, fixed: readonly [number, number] | undefined) {
    this.#session = session;
    this.#fixed = fixed;
  }

  async detect(image: Image, { threshold = defaultThreshold } = {}): Promise<Detection[]> {
    const planes = planesOf(image, longSidePx, 32, this.#fixed);
    const { data, height, width } = planes;
    const plane = height * width;
    const bgr = new Float32Array(data.length);
    for (let c = 0; c < 3; c++) bgr.set(data.subarray(c * plane, (c + 1) * plane), (2 - c) * plane);
    const outputs = await this.#session.run({ [this.#session.inputNames[0]!]: tensor.float32(bgr, [1, 3, height, width]) }, heads);
    const faces = suppressNonMaxima(decodeYunet(outputs, planes, threshold), maxIou);
    return faces.map((face) => ({ ...face, box: asDefaultBox(face.box) }));
  }

  async release(): Promise<void> {
    await this.#session.release();
  }
}

/** Whether a file has YuNet's heads. */
export function isYunet(outputNames: readonly string[]): boolean {
  return heads.every((head) => outputNames.includes(head));
}

/** Opens a YuNet file of fixed or dynamic size. */
export async function openYunet(model: Uint8Array, createSession: CreateSession, options?: SessionOptions): Promise<FaceDetector> {
  const [, , height, width] = decodeModel(model).inputs[0]!.shape;
  const fixed = typeof height === 'number' && typeof width === 'number' ? ([height, width] as const) : undefined;
  return new Yunet(await createSession(model, options), fixed);
}
