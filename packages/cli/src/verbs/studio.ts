/** `mien studio`: the page where photographs are read; what `npm start` runs. */
import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { UserError } from '@mien/runtime';
import { defaultDetectorPath, landmarksPath, lightDetectorPath } from '@mien/runtime/node';
import { parsePort, startStudio, type StudioModel } from '@mien/server';
import { isRunFolder } from '@mien/training/run-folder';
import { defaultModelName, findModel, liveModelName, releasedModels } from '../find-model.ts';
import { note, printText } from '../output.ts';
import type { StoreDesk } from '../studio/store-desk.ts';
import type { TrainingDesk } from '../studio/training-desk.ts';

/** Where the README’s commands put trainings. */
const usualRuns = 'runs';

interface StudioFlags {
  port?: string;
  model?: string;
  data?: string;
  runs?: string;
}

/** The store on the labelling page, its rows being judged by the model that the page shows first. */
async function openDesk(dir: string, { models, defaultModel }: ReturnType<typeof chooseModels>): Promise<StoreDesk> {
  const { StoreDesk } = await import('../studio/store-desk.ts');
  const desk = await StoreDesk.open(dir);
  const model = models.find(({ name }) => name === defaultModel) ?? models[0];
  if (model) void desk.judge(model.file);
  note(`Decisions are saved in ${desk.overview().journal}; apply them with: mien data clean ${dir} --csv ${desk.overview().journal}`);
  return desk;
}

async function openTrainings(runsDir: string, data: string | undefined): Promise<TrainingDesk> {
  const { TrainingDesk } = await import('../studio/training-desk.ts');
  return TrainingDesk.open(runsDir, data);
}

/** The released models, and first the one that was asked for, which then serves cameras too. */
function chooseModels(asked: string | undefined): { models: StudioModel[]; defaultModel?: string; liveModel?: string } {
  const models: StudioModel[] = releasedModels();
  if (asked === undefined) {
    const released = (name: string) => (models.some((m) => m.name === name) ? name : undefined);
    const [defaultModel, liveModel] = [released(defaultModelName), released(liveModelName)];
    return { models, ...(defaultModel && { defaultModel }), ...(liveModel && { liveModel }) };
  }
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
    .option('--port <n>', 'port on 127.0.0.1 (default: PORT, or the first free one from 4170 on)')
    .option('--model <model>', 'show this model first: .onnx file, run folder, or name of a released model')
    .option('--data <store>', 'label the rows of this store by hand; decisions go into a csv beside it')
    .option('--runs <dir>', 'follow the trainings in this folder, start others, and with --data see what they get wrong (default: runs, where it is)')
    .addHelpText('after', '\nExamples:\n  mien studio --port 8080\n  mien studio --data faces --model runs/first\n  mien studio --runs runs')
    .action(async (flags: StudioFlags) => {
      const port = flags.port === undefined ? parsePort(process.env.PORT, 'PORT') : parsePort(flags.port, '--port');
      const studioDir = join(dirname(fileURLToPath(import.meta.resolve('@mien/studio/package.json'))), 'dist');
      if (flags.runs !== undefined && !existsSync(flags.runs)) throw new UserError('not-found', `--runs ${flags.runs}: there is no such folder`);
      const chosen = chooseModels(flags.model);
      const desk = flags.data === undefined ? undefined : await openDesk(flags.data, chosen);
      const runsDir = flags.runs ?? (existsSync(usualRuns) ? usualRuns : undefined);
      const runDesk = runsDir === undefined ? undefined : await openTrainings(runsDir, flags.data);
      const studio = await startStudio({
        ...chosen,
        studioDir,
        detectorFile: defaultDetectorPath,
        liveDetectorFile: lightDetectorPath,
        landmarksFile: landmarksPath,
        desk,
        runsDir,
        runDesk,
        port,
      });
      printText(studio.url);
      note('The studio runs in your browser; no picture leaves it. Ctrl-C ends.');
      const stop = (): void => {
        if (runDesk && runDesk.running().size > 0) note('stopping the trainings, with a checkpoint each');
        void studio.close().then(() => Promise.all([desk?.close(), runDesk?.close()]));
      };
      // SIGHUP: the terminal was closed.
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, stop);
    });
}
