/** @mien/server/client: a service's answers, typed. Needs nothing but `fetch`; its types are those the service checks by. */
import type {
  BatchResult,
  ExplainQuery,
  ExplanationResult,
  FaceResult,
  HealthResult,
  ModelsResult,
  Problem,
  RecogniseQuery,
  RecognitionResult,
  VideoQuery,
  VideoResult,
} from '../service/schema.ts';

export type {
  BatchResult,
  ExplainQuery,
  ExplanationResult,
  FaceResult,
  HealthResult,
  ModelsResult,
  Problem,
  RecogniseQuery,
  RecognitionResult,
  VideoQuery,
  VideoResult,
};

/** A picture or video file: a `File` from a form, what `readFile` gives, or the like. */
export type FileBytes = Blob | Uint8Array | ArrayBuffer;

export interface MienClientOptions {
  /** Where the service is, as `http://127.0.0.1:4180`; a path in front of its addresses is kept. */
  readonly url: string;
  readonly token?: string | undefined;
  /** How often a request that was refused for now (429, 503) is sent again. Default 2. */
  readonly retries?: number;
  /** Longest pause before sending again; a service that asks for more is not waited for. Default 10 s. */
  readonly longestPauseMs?: number;
  /** Default: the global one. */
  readonly fetch?: typeof fetch;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
}

/** The service refused: the fields of its problem document. */
export class MienServiceError extends Error {
  override readonly name = 'MienServiceError';
  /** The HTTP status. */
  readonly status: number;
  /** A stable short code, as `unreadable-image`; `not-mien` where something else answered. */
  readonly code: string;
  /** Name it when you report a failure. */
  readonly requestId: string | undefined;
  /** Seconds after which the service asks to be tried again. */
  readonly retryAfterS: number | undefined;

  constructor(status: number, problem: Partial<Problem>, retryAfterS: number | undefined) {
    super(problem.detail ?? `something that is no Mien service answered with status ${status}`);
    this.status = status;
    this.code = problem.code ?? 'not-mien';
    this.requestId = problem.requestId;
    this.retryAfterS = retryAfterS;
  }
}

function asBlob(file: FileBytes): Blob {
  return file instanceof Blob ? file : new Blob([file as Uint8Array<ArrayBuffer>]);
}

async function problemIn(response: Response): Promise<MienServiceError> {
  const isProblem = response.headers.get('content-type')?.startsWith('application/problem+json') ?? false;
  const problem = isProblem ? ((await response.json()) as Problem) : {};
  const retryAfter = Number(response.headers.get('retry-after') ?? Number.NaN);
  return new MienServiceError(response.status, problem, Number.isFinite(retryAfter) ? retryAfter : undefined);
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal!.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal?.addEventListener('abort', stop, { once: true });
  });
}

/** Every method rejects with `MienServiceError` when the service refuses, and with what `fetch` throws when it cannot be reached. */
export class MienClient {
  readonly #base: string;
  readonly #options: MienClientOptions;

  constructor(options: MienClientOptions) {
    this.#options = options;
    this.#base = options.url.replace(/\/+$/, '');
  }

  /** The faces of one image. */
  recognise(image: FileBytes, query: RecogniseQuery & CallOptions = {}): Promise<RecognitionResult> {
    return this.#send('/v1/recognise', query, asBlob(image));
  }

  /** One result an image, in their order; an image that cannot be read has its error in its place. */
  recogniseMany(images: readonly FileBytes[], query: RecogniseQuery & CallOptions = {}): Promise<BatchResult> {
    const form = new FormData();
    for (const image of images) form.append('image', asBlob(image), 'image');
    return this.#send('/v1/recognise/batch', query, form);
  }

  /** The faces of frames at even distances. */
  recogniseVideo(video: FileBytes, query: VideoQuery & CallOptions = {}): Promise<VideoResult> {
    return this.#send('/v1/video', query, asBlob(video));
  }

  /** Which parts of a face the recognition rests on. */
  explain(image: FileBytes, query: ExplainQuery & CallOptions = {}): Promise<ExplanationResult> {
    return this.#send('/v1/explain', query, asBlob(image));
  }

  /** The models that are open, with their cards. */
  models(call: CallOptions = {}): Promise<ModelsResult> {
    return this.#send('/v1/models', call);
  }

  /** Whether the service can take work. */
  async ready(call: CallOptions = {}): Promise<boolean> {
    const { status } = await (this.#options.fetch ?? fetch)(`${this.#base}/ready`, { signal: call.signal ?? null });
    return status === 200;
  }

  async #send<T>(path: string, { signal, ...query }: CallOptions, body?: Blob | FormData): Promise<T> {
    const { token, retries = 2, longestPauseMs = 10_000, fetch: send = fetch } = this.#options;
    const asked = new URLSearchParams();
    for (const [name, value] of Object.entries(query)) if (value !== undefined) asked.set(name, String(value));
    const url = `${this.#base}${path}${asked.size > 0 ? `?${asked.toString()}` : ''}`;
    const init: RequestInit = {
      ...(body ? { method: 'POST', body } : {}),
      ...(token ? { headers: { Authorization: `Bearer ${token}` } } : {}),
      signal: signal ?? null,
    };
    for (let attempt = 0; ; attempt++) {
      const response = await send(url, init);
      if (response.ok) return (await response.json()) as T;
      const error = await problemIn(response);
      const pauseMs = (error.retryAfterS ?? 1) * 1000;
      if ((error.status !== 429 && error.status !== 503) || attempt >= retries || pauseMs > longestPauseMs) throw error;
      await pause(pauseMs, signal);
    }
  }
}
