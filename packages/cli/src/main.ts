/** `mien`: every verb in a file of its own, errors and exit codes here. */
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { UserError } from '@mien/runtime';
import { addBenchVerb } from './verbs/bench.ts';
import { addDataVerbs } from './verbs/data.ts';
import { addEvalVerb } from './verbs/eval.ts';
import { addExportVerb } from './verbs/export.ts';
import { addModelsVerb } from './verbs/models.ts';
import { addPredictVerb } from './verbs/predict.ts';
import { addStudioVerb } from './verbs/studio.ts';
import { addTrainVerb } from './verbs/train.ts';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string };

/** exitOverride is not inherited by commands made before it is set, so it is set first. */
const program = new Command('mien')
  .exitOverride()
  .description('Train, prove and ship facial-expression models.')
  .version(version)
  .showHelpAfterError('(add --help for the options)')
  .addHelpText('after', '\nExample:\n  mien predict photo.jpg\n\nResults go to standard output, everything else to standard error. Exit status: 0 done, 2 a mistake in what was asked, 1 a bug in Mien.');

for (const add of [addPredictVerb, addDataVerbs, addTrainVerb, addEvalVerb, addExportVerb, addModelsVerb, addBenchVerb, addStudioVerb]) add(program);

// `mien predict … | head` closes our output early; that is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : 2;
  } else if (error instanceof UserError) {
    process.stderr.write(`mien: ${error.message}\n`);
    process.exitCode = 2;
  } else {
    process.stderr.write(`mien: this is a bug in Mien; please report it.\n${(error as Error).stack ?? String(error)}\n`);
    process.exitCode = 1;
  }
}
