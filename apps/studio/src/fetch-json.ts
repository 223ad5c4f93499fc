/** What the server says, as JSON. */
import { RecognitionError } from './recognition/recognition-client.ts';
import { strings } from './strings.ts';

/** What the server says about a request it will not do. */
interface Refusal {
  readonly error?: { readonly code: string; readonly message: string };
}

/** Throws `RecognitionError` in words for the screen: `unreachable`, or the server's own for what a person asked and can mend. */
export async function fetchJson<T>(url: string, init?: RequestInit): Promise<T> {
  let response: Response;
  try {
    response = await fetch(url, init);
  } catch {
    throw new RecognitionError('unreachable', strings.errors.unreachable);
  }
  if (response.status === 400 || response.status === 409) {
    const { error } = (await response.json().catch(() => ({}))) as Refusal;
    if (error) throw new RecognitionError(error.code, error.message);
  }
  if (!response.ok) throw new RecognitionError('unreachable', strings.errors.missing(url, response.status));
  return (await response.json()) as T;
}
