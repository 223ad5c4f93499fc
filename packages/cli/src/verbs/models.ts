/** `mien models`: architectures with parameters, operations, options and layers, and released models with their cards. */
import type { Command } from 'commander';
import { architectures, type OptionValue } from '@mien/models';
import { expressions, UserError } from '@mien/runtime';
import { flopConvention, formatArchitecture, formatArchitectures, formatCard, formatReleased } from '../format-model-entries.ts';
import { asRegistered, describeArchitecture, findEntries, releasedEntries } from '../model-entries.ts';
import { parseCount, printJson, printText } from '../output.ts';
import { parseAssignment, parseInput } from './weights-options.ts';

interface ModelsFlags {
  readonly set?: Readonly<Record<string, OptionValue>>;
  readonly input?: readonly [number, number, number];
  readonly classes?: number;
  readonly json?: boolean;
}

const examples = `
Example:
  mien models
  mien models resnet18-cbam
  mien models resnet18-cbam --set width=0.5 --set stem=small --input 1x48x48`;

function listAll(flags: ModelsFlags): void {
  const released = releasedEntries();
  const entries = architectures.map((architecture) => describeArchitecture(architecture, asRegistered, released));
  if (flags.json) {
    // Released models of no architecture here, as ensembles, would be lost otherwise.
    printJson([...entries, ...released.filter(({ card }) => !architectures.some(({ name }) => name === card.architecture))]);
    return;
  }
  const lines = [...formatArchitectures(entries), '', ...formatReleased(released), '', flopConvention, 'Options and layers: mien models NAME'];
  printText(lines.join('\n'));
}

function showOne(name: string, flags: ModelsFlags): void {
  const { architecture, model } = findEntries(name);
  const changed = flags.set !== undefined || flags.input !== undefined || flags.classes !== undefined;
  if (!architecture && changed) throw new UserError('bad-option', `${name}: --set, --input and --classes are for architectures; this is a finished model`);
  const variant = { classes: flags.classes ?? expressions.length, input: flags.input, options: flags.set ?? {} };
  const entry = architecture && describeArchitecture(architecture, variant, releasedEntries());
  if (flags.json) {
    printJson([...(entry ? [entry] : []), ...(model && !entry ? [model] : [])]);
    return;
  }
  // Where a released model is named as its architecture is, the model is what most people ask for.
  const parts = [...(model ? [formatCard(model)] : []), ...(entry ? [formatArchitecture(entry)] : [])];
  printText([...parts.flatMap((lines) => [...lines, '']), flopConvention].join('\n'));
}

export function addModelsVerb(program: Command): void {
  program
    .command('models')
    .argument('[name]', 'show one: an architecture, a released model, an .onnx file or the folder of a run')
    .option('--set <option=value>', 'an option of the architecture; may be repeated', (text: string, before: Record<string, OptionValue> = {}) => {
      const [option, value] = parseAssignment(text);
      return { ...before, [option]: value };
    })
    .option('--input <CxHxW>', 'channels, height and width, as 1x48x48', parseInput)
    .option('--classes <n>', 'number of classes', parseCount('--classes', 1, 10_000))
    .option('--json', 'print as JSON')
    .addHelpText('after', examples)
    .action((name: string | undefined, flags: ModelsFlags) => {
      if (name !== undefined) showOne(name, flags);
      else if (flags.set || flags.input || flags.classes)
        throw new UserError('bad-option', '--set, --input and --classes need the NAME of an architecture, as: mien models resnet18 --set width=0.5');
      else listAll(flags);
    });
}
