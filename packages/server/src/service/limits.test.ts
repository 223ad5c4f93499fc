import { expect, test } from 'vitest';
import { defaultLimits, limitsFrom } from './limits.ts';

test('a request holds no more images than may wait: the default gives way, what was asked for is refused', () => {
  expect(limitsFrom()).toEqual(defaultLimits);
  expect(limitsFrom({ queuedImages: 5 })).toMatchObject({ queuedImages: 5, batchImages: 5 });
  expect(limitsFrom({ queuedImages: 500, batchImages: 100 })).toMatchObject({ queuedImages: 500, batchImages: 100 });
  for (const asked of [{ batchImages: 100 }, { queuedImages: 5, batchImages: 6 }]) {
    expect(() => limitsFrom(asked)).toThrow(
      expect.objectContaining({ name: 'UserError', code: 'bad-option', message: expect.stringContaining('raise --queue') }),
    );
  }
});
