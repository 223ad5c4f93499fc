/** Connections to Redis or Valkey that outlive a restart of the server. */
import { UserError } from '@mien/runtime';
import { Redis } from 'ioredis';
import { parseRedisUrl, showRedisUrl } from './redis-url.ts';

const firstConnectMs = 10_000;
const longestReconnectMs = 2000;

/**
 * Connects, and throws `UserError` `no-queue` where that fails now. Later outages are waited out: commands are held
 * back until the server is there again, and `onOutage` is told when it goes (a message) and comes back (undefined).
 */
export async function connectRedis(address: string, onOutage?: (message: string | undefined) => void): Promise<Redis> {
  const url = parseRedisUrl(address);
  const shown = showRedisUrl(url);
  await tryOnce(url, shown);
  const redis = new Redis(url.href, {
    maxRetriesPerRequest: null,
    retryStrategy: (times) => Math.min(longestReconnectMs, 100 * times),
  });
  let out = false;
  // Without a listener, ioredis prints every failed attempt to reconnect.
  redis.on('error', () => {});
  redis.on('close', () => {
    if (redis.status === 'end' || out) return;
    out = true;
    onOutage?.(`${shown}: the connection is lost; waiting for it to come back`);
  });
  redis.on('ready', () => {
    if (out) onOutage?.(undefined);
    out = false;
  });
  return redis;
}

/** One attempt without retries, so that a wrong address or password is told at once. */
async function tryOnce(url: URL, shown: string): Promise<void> {
  const probe = new Redis(url.href, { lazyConnect: true, retryStrategy: () => null, maxRetriesPerRequest: 0, connectTimeout: firstConnectMs });
  let cause: Error | undefined;
  probe.on('error', (error: Error) => {
    cause ??= error;
  });
  try {
    await probe.connect();
    await probe.ping();
  } catch (error) {
    const { message } = cause ?? (error as Error);
    const reason = /NOAUTH|WRONGPASS|invalid password|invalid username/i.test(message)
      ? 'it wants another user or password; give them as redis://user:password@host:6379'
      : `it cannot be reached (${message}); start Redis or Valkey there, or mend the address`;
    throw new UserError('no-queue', `${shown}: ${reason}`, { cause: error });
  } finally {
    probe.disconnect();
  }
}
