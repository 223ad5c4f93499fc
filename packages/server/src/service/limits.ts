/** What one request, and all of them together, may cost. */
import { UserError } from '@mien/runtime';

export interface ServiceLimits {
  /** Largest body with one image. */
  readonly imageBytes: number;
  /** Largest body with many images. */
  readonly batchBytes: number;
  readonly videoBytes: number;
  /** Bodies held in memory at once, over all requests. */
  readonly heldBytes: number;
  /** Images in one request; never more than `queuedImages`, since a batch goes in line as a whole. */
  readonly batchImages: number;
  /** Width × height of one image or video frame, checked before it is decoded. */
  readonly pixels: number;
  /** Frames looked at in one video; what comes after is left out and the answer says so. */
  readonly videoFrames: number;
  /** Videos decoded at once. */
  readonly videosAtOnce: number;
  /** Images that wait for a worker; more are refused with 429. */
  readonly queuedImages: number;
  /** From the end of a request's body to its answer. */
  readonly deadlineMs: number;
  readonly videoDeadlineMs: number;
  /** Images one client may send a second, in the long run; 0 takes the limit away. */
  readonly imagesPerSecond: number;
  /** Images one client may send at once after a pause. */
  readonly burstImages: number;
  /** Connections open at once; more are closed at once. */
  readonly connections: number;
}

const mebibyte = 2 ** 20;

export const defaultLimits: ServiceLimits = {
  imageBytes: 16 * mebibyte,
  batchBytes: 64 * mebibyte,
  videoBytes: 128 * mebibyte,
  heldBytes: 256 * mebibyte,
  batchImages: 32,
  // A 24-megapixel camera; 75 MB of RGB for each picture in work.
  pixels: 25e6,
  videoFrames: 300,
  videosAtOnce: 1,
  queuedImages: 64,
  deadlineMs: 10_000,
  videoDeadlineMs: 120_000,
  imagesPerSecond: 50,
  burstImages: 200,
  connections: 2000,
};

/**
 * The limits asked for, and the defaults beside them. Throws `UserError` `bad-option` where more images are to be taken in
 * one request than may wait: such a request would be told for ever to try again.
 */
export function limitsFrom(asked: Partial<ServiceLimits> = {}): ServiceLimits {
  const limits = { ...defaultLimits, ...asked };
  const { batchImages, queuedImages } = limits;
  if (batchImages <= queuedImages) return limits;
  if (asked.batchImages === undefined) return { ...limits, batchImages: queuedImages };
  throw new UserError(
    'bad-option',
    `${batchImages} images in one request (--max-images), ${queuedImages} that may wait (--queue): expected room for all images of a request; raise --queue to ${batchImages} or lower --max-images`,
  );
}
