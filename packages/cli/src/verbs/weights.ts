/** `mien weights`: pretrained weights from the hub or a file, made weights of one of Mien's models. */
import type { Command } from 'commander';
import { hubWeights } from '@mien/models';
import { defaultEndpoint } from '@mien/models/node';
import { parseCount, printJson, printText } from '../output.ts';
import { type ImportFlags, importVerb } from './weights-import.ts';
import { parseAssignment, parseInput, parseNormalisation } from './weights-options.ts';
import { pullVerb } from './weights-pull.ts';

const append = (value: string, before: string[]): string[] => [...before, value];

export function addWeightsVerbs(program: Command): void {
  const weights = program.command('weights');
  weights
    .command('list')
    .description('list the weights on the public hub that are known to fit')
    .option('--json', 'print as JSON')
    .addHelpText('after', '\nExample:\n  mien weights list')
    .action((flags: { json?: boolean }) => {
      if (flags.json) printJson(hubWeights);
      else for (const { repo, model, licence, trainedOn } of hubWeights) printText(`${repo.padEnd(52)} ${model.padEnd(16)} ${licence.padEnd(14)} ${trainedOn}`);
    });
  weights
    .command('pull')
    .argument('<name>', 'a name of `mien weights list`, or any OWNER/NAME with a model.safetensors')
    .description('download weights after showing size, licence and checksum; kept in the cache, checked, resumed where interrupted')
    .option('--yes', 'download without asking')
    .option('--revision <name>', 'branch, tag or commit (default: main)')
    .option('--endpoint <url>', `a mirror that speaks the same scheme (default: ${defaultEndpoint})`)
    .option('--sha256 <hex>', 'the checksum the file must have')
    .option('--json', 'print what was fetched as JSON')
    .addHelpText('after', '\nThe cache: MIEN_CACHE, else XDG_CACHE_HOME/mien, else ~/.cache/mien.\n\nExample:\n  mien weights pull resnet18.a1_in1k')
    .action(pullVerb);
  weights
    .command('import')
    .argument('<file>', 'a .safetensors or .onnx file, a checkpoint of Mien, or a name pulled before')
    .description('make weights of one of Mien’s models; prints what was used, skipped and missing')
    .requiredOption('--model <name>', 'architecture, as `mien models` lists them')
    .option('--set <option=value>', 'an option of the architecture; repeatable', append, [] as string[])
    .option('--input <CxHxW>', 'what the network will see (default: what it was designed for)', parseInput)
    .option('--classes <n>', 'classes of the network (default: 7)', parseCount('--classes', 1, 100_000))
    .option('--out <file>', 'the file to write, for the `init` of a recipe; without it nothing is written')
    .option('--data <dir>', 'store whose faces batch norms are measured on, for weights that hold them folded into convolutions')
    .option('--split <name>', 'split of that store, not a locked one', 'train')
    .option('--rows <n>', 'rows of it', parseCount('--rows', 1, 1_000_000), 1024)
    .option(
      '--expects <normalisation>',
      'how images were normalised for the weights: imagenet, symmetric, or MEAN,…/STD,… (default: what the file, its card or the list of known weights says, else imagenet, and that is said)',
      parseNormalisation,
    )
    .option(
      '--gets <normalisation>',
      'how the recipe will normalise them, written alike (default: the same; where colour becomes grey 0.5/0.25)',
      parseNormalisation,
    )
    .option('--partial', 'take what fits even where the file is of another model')
    .option('--licence <id>', 'licence of the weights, where the file does not say')
    .option('--threads <n>', 'threads (default: all cores)', parseCount('--threads', 1, 256))
    .option('--json', 'print everything as JSON')
    .addHelpText(
      'after',
      '\nExample:\n  mien weights import resnet18.safetensors --model resnet18-cbam --data data/fer2013 --out init.safetensors\n\nthen, in the recipe:\n  init: init.safetensors',
    )
    .action((file: string, flags: Omit<ImportFlags, 'options'> & { set: string[] }) =>
      importVerb(file, { ...flags, options: Object.fromEntries(flags.set.map(parseAssignment)) }),
    );
}
