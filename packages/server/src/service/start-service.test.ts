/** What keeps the service from starting, before a thread or a port is opened. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { testCard, testModel } from '../../../runtime/src/test-model.ts';
import { startService } from './start-service.ts';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'mien-start-'));
});
afterAll(() => rm(dir, { recursive: true }));

test('a model that needs a face’s points is refused with advice that can be followed', async () => {
  const file = join(dir, 'level.onnx');
  const { preprocessing } = testCard;
  const card = { ...testCard, preprocessing: { ...preprocessing, crop: { ...preprocessing.crop, align: 'eyes-level' } } };
  await writeFile(file, testModel([1, 0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0, 0], card));
  await expect(startService({ models: [{ name: 'level', file }], port: 0 })).rejects.toMatchObject({
    code: 'needs-landmarks',
    message: `${file}: the model turns faces so that their eyes lie level, which \`mien serve\` cannot do yet; take a model of pixels alone`,
  });
});

test('a model file that is not there, and limits that contradict each other', async () => {
  const models = [{ name: 'none', file: join(dir, 'none.onnx') }];
  await expect(startService({ models, port: 0 })).rejects.toMatchObject({
    code: 'not-found',
    message: expect.stringContaining('none.onnx cannot be read (ENOENT)'),
  });
  await expect(startService({ models, limits: { batchImages: 100 } })).rejects.toMatchObject({ code: 'bad-option' });
});
