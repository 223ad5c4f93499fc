/** Addresses of Redis or Valkey servers: read, shown without their password, and judged. */
import { lookup } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';
import { UserError } from '@mien/runtime';

/** Addresses that are not reachable from the internet: loopback, link-local, private (RFC 1918, 4193, 6598). */
const privateAddresses = new BlockList();
for (const [net, prefix] of [
  ['127.0.0.0', 8],
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['169.254.0.0', 16],
  ['100.64.0.0', 10],
] as const) {
  privateAddresses.addSubnet(net, prefix, 'ipv4');
}
for (const [net, prefix] of [
  ['::1', 128],
  ['fc00::', 7],
  ['fe80::', 10],
] as const) {
  privateAddresses.addSubnet(net, prefix, 'ipv6');
}

/** redis://, rediss:// (TLS), and valkey://, valkeys:// for the same. Throws `UserError` `bad-queue`; never shows a password. */
export function parseRedisUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const scheme = url?.protocol.replace(/^valkey/, 'redis');
  if (!url?.hostname || (scheme !== 'redis:' && scheme !== 'rediss:')) {
    throw new UserError('bad-queue', '--queue: expected an address as redis://host:6379 or rediss://user:password@host:6379/0 (TLS)');
  }
  // A foreign scheme cannot be assigned to an existing URL.
  return new URL(text.replace(/^\w+:/, scheme));
}

/** The address without user and password, for messages. */
export function showRedisUrl(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname === '/' ? '' : url.pathname}`;
}

/** Whether an IP address can be reached from the internet. */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  // An IPv4 address in IPv6 clothes is judged as what it is.
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped) return isPublicAddress(mapped);
  return family !== 0 && !privateAddresses.check(address, family === 6 ? 'ipv6' : 'ipv4');
}

/**
 * One line of warning where the server stands at a public address without a password, or where one would travel there
 * in clear text; otherwise undefined. Whoever can write to the queue decides what workers read and write.
 */
export async function redisWarning(url: URL): Promise<string | undefined> {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  // A name that cannot be resolved fails when it is connected to, with a message of its own.
  const addresses = isIP(host) ? [host] : (await lookup(host, { all: true }).catch(() => [])).map(({ address }) => address);
  if (!addresses.some(isPublicAddress)) return undefined;
  const shown = showRedisUrl(url);
  if (!url.password)
    return `warning: ${shown} is a public address and has no password: anyone can read the queue and tell workers what to do; set requirepass and use rediss://`;
  if (url.protocol === 'redis:')
    return `warning: ${shown} is a public address and the connection is not encrypted: the password travels in clear text; use rediss://`;
  return undefined;
}
