/** `mien`: every verb in a file of its own, errors and exit codes here. */
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { UserError } from '@mien/runtime';
type AddVerb = (program: Command) => void;

/** Verbs in the order of the help text. Only the one asked for is loaded: `predict` needs no training code. */
const verbs: Record<string, () => Promise<AddVerb>> = {
  predict: async () => (await import('./verbs/predict.ts')).addPredictVerb,
  data: async () => (await import('./verbs/data.ts')).addDataVerbs,
  weights: async () => (await import('./verbs/weights.ts')).addWeightsVerbs,
  train: async () => (await import('./verbs/train.ts')).addTrainVerb,
  ablate: async () => (await import('./verbs/ablate.ts')).addAblateVerb,
  sweep: async () => (await import('./verbs/sweep.ts')).addSweepVerb,
  eval: async () => (await import('./verbs/eval.ts')).addEvalVerb,
  explain: async () => (await import('./verbs/explain.ts')).addExplainVerb,
  export: async () => (await import('./verbs/export.ts')).addExportVerb,
  ensemble: async () => (await import('./verbs/ensemble.ts')).addEnsembleVerb,
  'pseudo-label': async () => (await import('./verbs/pseudo-label.ts')).addPseudoLabelVerb,
  label: async () => (await import('./verbs/label.ts')).addLabelVerb,
  worker: async () => (await import('./verbs/worker.ts')).addWorkerVerb,
  models: async () => (await import('./verbs/models.ts')).addModelsVerb,
  bench: async () => (await import('./verbs/bench.ts')).addBenchVerb,
  studio: async () => (await import('./verbs/studio.ts')).addStudioVerb,
  serve: async () => (await import('./verbs/serve.ts')).addServeVerb,
};

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string };

/** exitOverride is not inherited by commands made before it is set, so it is set first. */
const program = new Command('mien')
  .exitOverride()
  // A verb and a verb of its own may have options of the same name (`label --json`, `label query --json`).
  .enablePositionalOptions()
  .description('Train, prove and ship facial-expression models.')
  .version(version)
  .showHelpAfterError('(add --help for the options)')
  .addHelpText(
    'after',
    '\nExample:\n  mien predict photo.jpg\n\nResults go to standard output, everything else to standard error. Exit status: 0 done, 2 a mistake in what was asked, 1 a bug in Mien.',
  );

const name = process.argv[2] ?? '';
const asked = Object.hasOwn(verbs, name) ? verbs[name] : undefined;
for (const load of asked ? [asked] : Object.values(verbs)) (await load())(program);

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
