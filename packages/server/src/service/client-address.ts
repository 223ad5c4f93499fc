/** Which client a request comes from, for counting; never logged. */
import { isIP } from 'node:net';
import type { Context } from 'hono';

/**
 * The address that opened the connection. Behind `trustedProxies` proxies: the entry of X-Forwarded-For that the
 * outermost of them wrote. Entries further left come from the client and may say anything.
 */
export function clientAddress(c: Context, trustedProxies: number): string {
  const env = c.env as { incoming?: { socket?: { remoteAddress?: string } } } | undefined;
  const socketAddress = env?.incoming?.socket?.remoteAddress ?? 'unknown';
  if (trustedProxies === 0) return socketAddress;
  const forwarded = (c.req.header('x-forwarded-for') ?? '').split(',').map((entry) => entry.trim());
  const entry = forwarded.at(-trustedProxies);
  return entry !== undefined && isIP(entry) !== 0 ? entry : socketAddress;
}
