/** The commands of `mien`, every verb in a file of its own. */
import { readFileSync } from 'node:fs';
import { Command } from 'commander';

type AddVerb = (program: Command) => void;

interface Verb {
  /** What the help says of it. */
  does: string;
  load(): Promise<AddVerb>;
}

/** Verbs in the order of the help text. Only the one asked for is loaded: `predict` needs no training code, the list of all none. */
const verbs: Record<string, Verb> = {
  predict: {
    does: 'find the faces in photographs and videos and name the expression each shows',
    load: async () => (await import('./verbs/predict.ts')).addPredictVerb,
  },
  data: {
    does: 'bring face data in, check it, mend it',
    load: async () => (await import('./verbs/data.ts')).addDataVerbs,
  },
  weights: {
    does: 'bring pretrained weights in',
    load: async () => (await import('./verbs/weights.ts')).addWeightsVerbs,
  },
  train: {
    does: 'train a model; Ctrl-C stops it with a checkpoint',
    load: async () => (await import('./verbs/train.ts')).addTrainVerb,
  },
  ablate: {
    does: 'train every row of an ablation with every seed and write one table; called again, it goes on where it was ended',
    load: async () => (await import('./verbs/ablate.ts')).addAblateVerb,
  },
  sweep: {
    does: 'train a recipe in many forms and write one table; called again, it goes on where it was ended',
    load: async () => (await import('./verbs/sweep.ts')).addSweepVerb,
  },
  eval: {
    does: 'accuracy and macro-F1 with their intervals, calibration, figures per class; on demand comparison, groups, robustness and a report',
    load: async () => (await import('./verbs/eval.ts')).addEvalVerb,
  },
  explain: {
    does: 'why a model names an expression: a map over the face; and which kind of map to believe',
    load: async () => (await import('./verbs/explain.ts')).addExplainVerb,
  },
  export: {
    does: 'write one ONNX file with its card: smaller weights, a fitted temperature, another main output',
    load: async () => (await import('./verbs/export.ts')).addExportVerb,
  },
  ensemble: {
    does: 'average several models, or views of one, in one ONNX file with one card',
    load: async () => (await import('./verbs/ensemble.ts')).addEnsembleVerb,
  },
  'pseudo-label': {
    does: 'label rows by what models are sure of, as a csv to edit and apply',
    load: async () => (await import('./verbs/pseudo-label.ts')).addPseudoLabelVerb,
  },
  label: {
    does: 'label every face in many pictures, on this machine or on many',
    load: async () => (await import('./verbs/label.ts')).addLabelVerb,
  },
  worker: {
    does: 'join a queue and do the work that waits there, labelling or training, on any machine that sees the same folders',
    load: async () => (await import('./verbs/worker.ts')).addWorkerVerb,
  },
  models: {
    does: 'list architectures with parameters and operations, and released models',
    load: async () => (await import('./verbs/models.ts')).addModelsVerb,
  },
  bench: {
    does: 'measure speed and accuracy on this machine',
    load: async () => (await import('./verbs/bench.ts')).addBenchVerb,
  },
  studio: {
    does: 'open the studio: drop photographs, see every face with its expression; pictures stay in the page',
    load: async () => (await import('./verbs/studio.ts')).addStudioVerb,
  },
  serve: {
    does: 'recognise expressions over HTTP: images, videos, explanations; /docs shows the addresses',
    load: async () => (await import('./verbs/serve.ts')).addServeVerb,
  },
};

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string };

/**
 * The program as the words typed after `mien` need it: with their verb alone, or, where they name none, with every verb's outline.
 * Throws commander's errors instead of ending the process.
 */
export async function createProgram(words: readonly string[] = []): Promise<Command> {
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
      '\nExample:\n  mien predict photo.jpg\n\nWhat a verb takes: mien predict --help\n\nResults go to standard output, everything else to standard error. Exit status: 0 done, 2 a mistake in what was asked, 1 a bug in Mien.',
    );
  const [first = '', second = ''] = words.filter((word) => !word.startsWith('-'));
  const name = first === 'help' ? second : first;
  if (Object.hasOwn(verbs, name)) {
    const { does, load } = verbs[name]!;
    (await load())(program);
    program.commands[0]!.description(does);
  } else {
    for (const [each, { does }] of Object.entries(verbs)) program.command(each).description(does);
  }
  return program;
}

/** The names of all verbs, in the order of the help text. */
export const verbNames = Object.keys(verbs);
