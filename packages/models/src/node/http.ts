/** HTTP as far as a download needs it: redirects followed by hand, servers that stall given up, mistakes told in one line. */
import { UserError } from '@mien/runtime';

/** Without an answer, or a byte of it, for this long the connection counts as lost. */
export const stallMs = 30_000;

const mostRedirects = 5;

export interface Answer {
  /** Of every answer on the way, the first to the last. */
  readonly hops: readonly { readonly url: URL; readonly headers: Headers }[];
  /** The last one: no redirect, or one that was enough. */
  readonly response: Response;
}

/** What a status means for the person who asked for `what`; undefined for those that are fine. */
function refusal(status: number, what: string, url: URL): UserError | undefined {
  if (status === 404) return new UserError('no-such-weights', `${what}: ${url.host} has no such file; check the name`);
  if (status === 401 || status === 403)
    return new UserError('no-access', `${what}: ${url.host} refuses access (${status}); the weights may be gated: fetch them by hand and import the file`);
  if (status === 429 || status >= 500) return new UserError('server-error', `${what}: ${url.host} cannot answer now (${status}); try again later`);
  if (status === 416) return new UserError('bad-range', `${what}: ${url.host} has less of the file than was fetched before; that is thrown away. Run it again`);
  if (status >= 400) return new UserError('bad-answer', `${what}: ${url.host} answered ${status}; expected the file`);
  return undefined;
}

/** Why a connection failed, in a word or two: the system's code, or how long the server was silent. */
export function connectionReason(error: unknown): string {
  if ((error as Error).name === 'TimeoutError') return `no answer for ${stallMs / 1000} s`;
  const { cause } = error as { cause?: { code?: string; message?: string } };
  return cause?.code ?? cause?.message ?? (error as Error).message;
}

export interface RequestOptions {
  readonly method: 'GET' | 'HEAD';
  readonly headers?: Readonly<Record<string, string>>;
  /** What messages call it. */
  readonly what: string;
  readonly signal?: AbortSignal;
  /** A redirect that is followed no further, because its headers tell enough. Default: none. */
  readonly isEnough?: (headers: Headers) => boolean;
}

/**
 * Sends a request and follows its redirects; a secure connection stays one. Throws `UserError`: `no-such-weights`, `no-access`,
 * `server-error`, `bad-range`, `bad-answer`, `unreachable`.
 */
export async function request(start: URL, options: RequestOptions): Promise<Answer> {
  const { method, headers = {}, what, signal, isEnough } = options;
  const hops: { url: URL; headers: Headers }[] = [];
  let url = start;
  for (let redirects = 0; redirects <= mostRedirects; redirects++) {
    // Ends with the headers: a body may take as long as it flows.
    const silence = new AbortController();
    const timer = setTimeout(() => silence.abort(new DOMException('no answer', 'TimeoutError')), stallMs);
    let response: Response;
    try {
      // Not compressed on the way: sizes and ranges count bytes of the file.
      response = await fetch(url, {
        method,
        redirect: 'manual',
        headers: { 'accept-encoding': 'identity', 'user-agent': 'mien', ...headers },
        signal: signal ? AbortSignal.any([signal, silence.signal]) : silence.signal,
      });
    } catch (cause) {
      const reason = signal?.aborted ? 'interrupted' : connectionReason(cause);
      throw new UserError('unreachable', `${what}: ${url.host} cannot be reached (${reason}); check the connection, or name a mirror with --endpoint`, {
        cause,
      });
    } finally {
      clearTimeout(timer);
    }
    hops.push({ url, headers: response.headers });
    const location = response.headers.get('location');
    if (response.status >= 300 && response.status < 400 && location && URL.canParse(location, url)) {
      await response.body?.cancel();
      if (isEnough?.(response.headers)) return { hops, response };
      const next = new URL(location, url);
      if (next.protocol !== 'https:' && (url.protocol === 'https:' || next.protocol !== 'http:'))
        throw new UserError('bad-answer', `${what}: ${url.host} sends on to ${next.protocol}//${next.host}, which is not secure; use another --endpoint`);
      url = next;
      continue;
    }
    const problem = refusal(response.status, what, url);
    if (!problem) return { hops, response };
    await response.body?.cancel();
    throw problem;
  }
  throw new UserError('bad-answer', `${what}: ${start.host} sends in circles (more than ${mostRedirects} redirects); use another --endpoint`);
}
