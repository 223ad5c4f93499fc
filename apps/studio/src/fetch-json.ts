/** What the server says, as JSON. */
import { RecognitionError } from './recognition/recognition-client.ts';
import { strings } from './strings.ts';

/** Throws `RecognitionError` `unreachable`, in words for the screen. */
export async function fetchJson<T>(url: string, init?: RequestInit): Promise<T> {
  let response: Response;
  try {
    response = await fetch(url, init);
  } catch {
    throw new RecognitionError('unreachable', strings.errors.unreachable);
  }
  if (!response.ok) throw new RecognitionError('unreachable', strings.errors.missing(url, response.status));
  return (await response.json()) as T;
}
