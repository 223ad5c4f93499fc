/** `mien studio`: the page where photographs are read; what `npm start` runs. */
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { defaultDetectorPath, lightDetectorPath } from '@mien/runtime/node';
import { parsePort, startStudio, type StudioModel } from '@mien/server';
import { isRunFolder } from '@mien/training/run-folder';
import { defaultModelName, findModel, releasedModels } from '../find-model.ts';
import { note, printText } from '../output.ts';

interface StudioFlags {
  port?: string;
  model?: string;
}

/** The released models, and first the one that was asked for. */
function chooseModels(asked: string | undefined): { models: StudioModel[]; defaultModel?: string } {
  const models: StudioModel[] = releasedModels();
  if (asked === undefined) return models.some((m) => m.name === defaultModelName) ? { models, defaultModel: defaultModelName } : { models };
  const file = findModel(asked);
  const known = models.find((m) => m.file === file);
  if (known) return { models, defaultModel: known.name };
  const plain = (isRunFolder(asked) ? basename(asked) : basename(file, '.onnx')).replace(/[^\w.-]/g, '-').replace(/^\W+/, '') || 'model';
  const name = models.some((m) => m.name === plain) ? `${plain}-own` : plain;
  return { models: [{ name, file }, ...models], defaultModel: name };
}

export function addStudioVerb(program: Command): void {
  program
    .command('studio')
    .description('open the studio: drop photographs, see every face with its expression; pictures stay in the page')
    .option('--port <n>', 'port on 127.0.0.1 (default: PORT, or the first free one from 4170 on)')
    .option('--model <model>', 'show this model first: .onnx file, run folder, or name of a released model')
    .addHelpText('after', '\nExample:\n  mien studio --port 8080')
    .action(async (flags: StudioFlags) => {
      const port = flags.port === undefined ? parsePort(process.env.PORT, 'PORT') : parsePort(flags.port, '--port');
      const studioDir = join(dirname(fileURLToPath(import.meta.resolve('@mien/studio/package.json'))), 'dist');
      const studio = await startStudio({ ...chooseModels(flags.model), studioDir, detectorFile: defaultDetectorPath, liveDetectorFile: lightDetectorPath, port });
      printText(studio.url);
      note('The studio runs in your browser; no picture leaves it. Ctrl-C ends.');
      const stop = (): void => {
        void studio.close();
      };
      process.once('SIGINT', stop);
      process.once('SIGTERM', stop);
    });
}
