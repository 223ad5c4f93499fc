/** MODEL on the command line: an .onnx file, a run folder, the name of a released model, or nothing for the default. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defaultModelName, liveModelName, releasedModelsUrl } from '@mien/released-models';
import { UserError } from '@mien/runtime';
import { isRunFolder, runFolder } from '@mien/training/run-folder';

const releasedDir = fileURLToPath(releasedModelsUrl);

/** Released models: name and file. */
export function releasedModels(): { name: string; file: string }[] {
  return readdirSync(releasedDir)
    .filter((file) => file.endsWith('.onnx'))
    .sort()
    .map((file) => ({ name: file.slice(0, -5), file: join(releasedDir, file) }));
}

export { defaultModelName, liveModelName };

/** The file MODEL stands for. Throws `UserError` that says what was looked for. */
export function findModel(model: string = defaultModelName): string {
  const released = releasedModels();
  const named = released.find((r) => r.name === model);
  if (named) return named.file;
  if (existsSync(model)) {
    if (!statSync(model).isDirectory()) return model;
    if (!isRunFolder(model)) throw new UserError('no-model', `${model}: expected an .onnx file or the folder of a training run; this folder holds no run`);
    const file = runFolder(model).model;
    if (!existsSync(file)) throw new UserError('no-model', `${model}: this run has not finished an epoch yet, so there is no model to use`);
    return file;
  }
  const names = released.map((r) => r.name).join(', ') || 'none';
  throw new UserError('no-model', `${model}: no such file, and no released model of that name (released: ${names})`);
}

export function readModelFile(file: string): Uint8Array {
  return new Uint8Array(readFileSync(file));
}
