import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readCard, withCard } from '@mien/runtime';
import { expect, it } from 'vitest';
import { brightnessModel, temporaryFolder } from '../test/pictures.ts';
import { openJob } from './open-job.ts';

const folder = temporaryFolder('open-job');

it('a model that needs a face’s points is refused before there is a folder, with advice that can be followed', async () => {
  const model = join(folder, 'level.onnx');
  const bytes = brightnessModel();
  const card = readCard(bytes, 'm');
  const { preprocessing } = card;
  writeFileSync(model, withCard(bytes, { ...card, preprocessing: { ...preprocessing, crop: { ...preprocessing.crop, align: 'eyes-level' } } }));
  const out = join(folder, 'out');
  await expect(openJob({ sources: [folder], out, model, faces: true })).rejects.toMatchObject({
    code: 'needs-landmarks',
    message: `${model}: the model turns faces so that their eyes lie level, which \`mien label\` cannot do yet; take a model of pixels alone`,
  });
  expect(existsSync(out)).toBe(false);
});
