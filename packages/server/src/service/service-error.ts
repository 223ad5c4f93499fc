/** Every refusal the service can answer with, in one table: its status and its title. */
import { UserError } from '@mien/runtime';

const refusals = {
  'bad-request': [400, 'The request cannot be understood'],
  'bad-multipart': [400, 'The multipart body is malformed'],
  unauthorised: [401, 'A valid token is needed'],
  'forbidden-origin': [403, 'Pages of this origin may not use the service'],
  'not-found': [404, 'There is nothing at this address'],
  'no-such-model': [404, 'There is no such model here'],
  'bad-method': [405, 'The address does not take this method'],
  'body-too-large': [413, 'The body is too large'],
  'image-too-large': [413, 'The image has too many pixels'],
  'too-many-images': [413, 'Too many images in one request'],
  'unsupported-media-type': [415, 'The body is of a kind the service does not take'],
  'bad-host': [421, 'The request is for another host'],
  'unreadable-image': [422, 'The image cannot be read'],
  'unreadable-video': [422, 'The video cannot be read'],
  'no-face': [422, 'No face was found'],
  'rate-limited': [429, 'Too many requests from this client'],
  'queue-full': [429, 'The service is busy'],
  'client-gone': [499, 'The client went away'],
  internal: [500, 'The service failed'],
  'no-video': [501, 'This service does not read videos'],
  draining: [503, 'The service is shutting down'],
  'worker-lost': [503, 'The work was lost'],
  'deadline-passed': [504, 'The answer would have come too late'],
} as const satisfies Record<string, readonly [status: number, title: string]>;

export type RefusalCode = keyof typeof refusals;

/** A request the service refuses; `detail` is for the client and says what was expected, what came and how to mend it. */
export class ServiceError extends Error {
  override readonly name = 'ServiceError';
  readonly code: RefusalCode;
  readonly status: number;
  readonly title: string;
  /** Seconds after which trying again makes sense; becomes the header Retry-After. */
  readonly retryAfterS: number | undefined;

  constructor(code: RefusalCode, detail: string, options: ErrorOptions & { readonly retryAfterS?: number } = {}) {
    super(detail, options);
    this.code = code;
    [this.status, this.title] = refusals[code];
    this.retryAfterS = options.retryAfterS;
  }
}

/** Whether a text, as it came from another thread, is the code of a refusal. */
export function isRefusalCode(code: string): code is RefusalCode {
  return Object.hasOwn(refusals, code);
}

/**
 * What a client hears when its picture is at fault; undefined for any other error. The decoder's own words stay inside:
 * they tell which libraries are at work.
 */
export function asRefusal(error: unknown): ServiceError | undefined {
  if (error instanceof ServiceError) return error;
  if (!(error instanceof UserError)) return undefined;
  if (error.code === 'image-too-large') return new ServiceError('image-too-large', error.message, { cause: error });
  if (error.code === 'empty-file') return new ServiceError('unreadable-image', 'expected an image, got 0 bytes', { cause: error });
  if (error.code === 'unreadable-image')
    return new ServiceError('unreadable-image', 'the image is damaged or cut short and cannot be decoded; send it again or save it anew', { cause: error });
  return undefined;
}
