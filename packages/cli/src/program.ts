/** The commands of `mien`, every verb in a file of its own. */
import { readFileSync } from 'node:fs';
import { Command } from 'commander';

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

/**
 * The program as `name`, the first word after `mien`, needs it: with that verb alone, with none for the version, else with all.
 * Throws commander's errors instead of ending the process.
 */
export async function createProgram(name = ''): Promise<Command> {
  // exitOverride is not inherited by commands made before it is set, so it is set first.
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
  const needed = Object.hasOwn(verbs, name) ? [verbs[name]!] : ['--version', '-V'].includes(name) ? [] : Object.values(verbs);
  for (const load of needed) (await load())(program);
  return program;
}
