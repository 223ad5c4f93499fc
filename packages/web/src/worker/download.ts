/** Files from the page's own origin. */
import { UserError } from '@mien/runtime';

/** The bytes at an address. Throws `UserError` `unreachable`. */
export async function download(url: string, what: string): Promise<Uint8Array> {
  let response: Response;
  try {
    response = await fetch(url);
  } catch (cause) {
    throw new UserError(
      'unreachable',
      `${what}: cannot be fetched from ${url} (${(cause as Error).message}); check the address and that the page may reach it`,
      { cause },
    );
  }
  if (!response.ok) throw new UserError('unreachable', `${what}: the server answered ${response.status} for ${url}; check the address`);
  return new Uint8Array(await response.arrayBuffer());
}
