import { describe, expect, it } from 'vitest';
import { connectRedis } from './redis-connection.ts';
import { noRedis, startRedis } from './redis-server.test-helper.ts';
import { isPublicAddress, parseRedisUrl, redisWarning, showRedisUrl } from './redis-url.ts';

describe('addresses', () => {
  it.each([
    ['redis://host', 'redis://host'],
    ['rediss://user:secret@host:6380/2', 'rediss://host:6380/2'],
    ['valkey://:secret@host', 'redis://host'],
    ['valkeys://host', 'rediss://host'],
  ])('%s is shown as %s', (text, shown) => expect(showRedisUrl(parseRedisUrl(text))).toBe(shown));

  it.each(['', 'host:6379', 'http://host', 'redis://', '6379', 'redis://:secret@'])('%j is refused, without showing it', (text) => {
    expect(() => parseRedisUrl(text)).toThrow(expect.objectContaining({ code: 'bad-queue', message: expect.not.stringContaining('secret') }));
  });

  it.each([
    ['127.0.0.1', false],
    ['10.1.2.3', false],
    ['172.31.0.1', false],
    ['172.32.0.1', true],
    ['192.168.1.1', false],
    ['100.100.0.1', false],
    ['8.8.8.8', true],
    ['::1', false],
    ['fd00::1', false],
    ['fe80::1', false],
    ['2001:4860:4860::8888', true],
    ['::ffff:8.8.8.8', true],
    ['::ffff:10.0.0.1', false],
    ['not an address', false],
  ])('%s is public: %s', (address, expected) => expect(isPublicAddress(address)).toBe(expected));
});

describe('warnings', () => {
  it.each([
    ['redis://8.8.8.8', 'no password'],
    ['rediss://8.8.8.8', 'no password'],
    ['redis://:secret@8.8.8.8', 'not encrypted'],
    ['redis://[2001:4860:4860::8888]:6379', 'no password'],
  ])('%s', async (text, words) => {
    const warning = await redisWarning(parseRedisUrl(text));
    expect(warning).toContain(words);
    expect(warning).not.toContain('secret');
  });

  it.each(['rediss://:secret@8.8.8.8', 'redis://127.0.0.1', 'redis://localhost', 'redis://[::1]', 'redis://no-such-name.invalid'])(
    'none for %s',
    async (text) => {
      expect(await redisWarning(parseRedisUrl(text))).toBeUndefined();
    },
  );
});

describe(`connecting${noRedis}`, () => {
  it('to nothing is refused in one line', async () => {
    await expect(connectRedis('redis://:secret@127.0.0.1:1')).rejects.toMatchObject({
      code: 'no-queue',
      message: expect.stringMatching(/^redis:\/\/127\.0\.0\.1:1: it cannot be reached/),
    });
  });

  it.skipIf(noRedis)('without the right password is refused, and says how to give one', async () => {
    const server = await startRedis('--requirepass', 'right');
    for (const password of ['', ':wrong@']) {
      const error = await connectRedis(`redis://${password}127.0.0.1:${server.port}`).catch((e) => e);
      expect(error).toMatchObject({ code: 'no-queue', message: expect.stringContaining('another user or password') });
      expect(error.message).not.toContain('wrong');
    }
    const redis = await connectRedis(`redis://:right@127.0.0.1:${server.port}`);
    expect(await redis.ping()).toBe('PONG');
    redis.disconnect();
    await server.stop();
  });
});
