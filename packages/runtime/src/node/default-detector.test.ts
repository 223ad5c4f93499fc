import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { defaultDetector, defaultDetectorPath } from './default-detector.ts';

test('the built detector opens and carries its licence beside it', async () => {
  expect(existsSync(join(dirname(defaultDetectorPath), 'face-detector.LICENSE.txt'))).toBe(true);
  const detector = await defaultDetector({ threads: 1 });
  expect(detector).toMatchObject({ name: 'ssd-mobilenet-v1', defaultThreshold: 0.45 });
  expect(await detector.detect({ width: 8, height: 8, channels: 1, data: new Uint8Array(64) })).toEqual([]);
  await detector.release();
});
