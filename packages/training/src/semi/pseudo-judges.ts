/** The models that `pseudo.models` names: what they learnt is learnt again, so the card must tell of them, and a run keep to them. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { readCard, UserError } from '@mien/runtime';
import { originOfCard, type WeightsOrigin } from '../init-file.ts';
import { teacherFile } from '../combine/teacher-panel.ts';
import type { Recipe } from '../recipe-schema.ts';

export interface PseudoJudge {
  /** The `.onnx` file. */
  readonly file: string;
  readonly origin: WeightsOrigin;
  /** SHA-256 of the file. */
  readonly checksum: string;
}

/** The file that an entry of `pseudo.models` stands for, whether or not it exists: as teachers are named. */
export const judgeFile = teacherFile;

export function readJudge(file: string): { bytes: Uint8Array; checksum: string } {
  if (!existsSync(file) || !statSync(file).isFile())
    throw new UserError(
      'no-model',
      `pseudo.models ${file}: expected an .onnx file, the folder of a run with a model.onnx, or the name of a released model; there is none`,
    );
  const bytes = new Uint8Array(readFileSync(file));
  return { bytes, checksum: createHash('sha256').update(bytes).digest('hex') };
}

/** Of all stages, each file once. Throws `UserError` `no-model`, and what reading a card throws. */
export function readJudges({ stages }: Recipe): PseudoJudge[] {
  const files = new Set(stages.flatMap(({ pseudo }) => (pseudo?.models ?? []).map(judgeFile)));
  return [...files].map((file) => {
    const { bytes, checksum } = readJudge(file);
    return { file, origin: originOfCard(readCard(bytes, file)), checksum };
  });
}
