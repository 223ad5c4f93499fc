import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { temporaryDir } from '../../test/fixtures.ts';

let freeBytes = Number.POSITIVE_INFINITY;
let StoreWriter: typeof import('./writer.ts').StoreWriter;

// A small file system cannot be mounted in a test, so the disk's refusal is made up. Test files share their modules, so the
// writer is loaded anew with it, and again without it by whoever comes after.
beforeAll(async () => {
  vi.doMock('node:fs', async (original) => {
    const fs = await original<typeof import('node:fs')>();
    const writeSync = (fd: number, data: Uint8Array, offset?: number, length = data.length): number => {
      freeBytes -= length;
      if (freeBytes < 0) throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
      return fs.writeSync(fd, data, offset, length);
    };
    return { ...fs, writeSync };
  });
  vi.resetModules();
  ({ StoreWriter } = await import('./writer.ts'));
});
afterAll(() => {
  vi.doUnmock('node:fs');
  vi.resetModules();
});

it.each([100, 3_000_000, 5_000_000])('a disk with %i bytes free: says so and leaves nothing behind', (free) => {
  const dir = temporaryDir();
  freeBytes = free;
  const writer = new StoreWriter({
    out: join(dir, 's'),
    name: 'n',
    form: 'test',
    file: 'f',
    image: { layout: 'fixed', channels: 1, height: 1000, width: 1000 },
    labels: ['a'],
  });
  const image = new Uint8Array(1_000_000);
  const write = () => {
    for (let i = 0; i < 6; i++) writer.append({ split: i % 2 ? 'a' : 'b', label: 0, image });
    writer.finish();
  };
  expect(write).toThrow(expect.objectContaining({ name: 'UserError', code: 'disk-full', message: expect.stringContaining('disk is full') }));
  expect(readdirSync(dir)).toEqual([]);
  expect(() => writer.append({ split: 'a', label: 0, image })).toThrow();
});
